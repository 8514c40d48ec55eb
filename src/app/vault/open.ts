import {
  keepGeneration,
  lastSeen,
  readVault,
  recordSeen,
  replaceFile,
  type VaultPlace,
  vaultTools,
  withWriter,
} from '../../adapters/vault/vault-files.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { VaultDocument } from '../../core/vault/document.ts'
import { seal, unseal, vaultId } from './seal.ts'

export { unlockIdentity } from './unlock.ts'

/**
 * Opens the vault with its identity. An older generation than this machine has seen is refused.
 * Failures: vault-missing, vault-foreign, vault-damaged, vault-older, vault-newer, unsafe-file, too-large, io.
 */
export async function openVault(place: VaultPlace, identity: Buffer): Promise<Result<VaultDocument>> {
  const opened = await openCurrent(place, identity)
  return opened.ok ? ok(opened.value.doc) : opened
}

/**
 * Changes the vault as the only writer: opens it, lets `change` make the next document, and replaces the file
 * atomically after it was written, read back and decrypted. The earlier content stays as a generation.
 * Returns the written document; when `change` returns the one it got, nothing is written.
 * Failures: those of `openVault` and of `change`, vault-busy, not-written, too-large: the vault holds what it held
 * before. Only after `io` ("confirm on the disk") the new content is in place, but might not survive a power cut.
 */
export function updateVault(
  place: VaultPlace,
  identity: Buffer,
  change: (doc: VaultDocument) => Result<VaultDocument>,
  tools = vaultTools,
): Promise<Result<VaultDocument>> {
  return withWriter(place, tools, async () => {
    const current = await openCurrent(place, identity, tools)
    if (!current.ok) return current
    const { doc, bytes } = current.value
    const changed = change(doc)
    if (!changed.ok || changed.value === doc) return changed
    const kept = await keepGeneration(place, doc.generation, bytes, tools)
    if (!kept.ok) return kept
    return writeNext(place, identity, changed.value, doc.generation + 1, tools)
  })
}

/** Writes `doc` as generation `number`, for the holder of the writer's lock. Keeps a copy and remembers the number. */
export async function writeNext(
  place: VaultPlace,
  identity: Buffer,
  doc: VaultDocument,
  number: number,
  tools = vaultTools,
): Promise<Result<VaultDocument>> {
  const next = { ...doc, id: vaultId(identity), generation: number, updated: new Date().toISOString() }
  const sealed = await seal(place, identity, next)
  if (!sealed.ok) return sealed
  const written = await replaceFile(place.vault, sealed.value.bytes, tools, sealed.value.check)
  sealed.value.done()
  if (!written.ok) return written
  // The change is on the disk. A copy or a number that can't be written now is made up for by the next writer or
  // reader, and is no reason to report the change as failed.
  await keepGeneration(place, number, sealed.value.bytes, tools)
  await recordSeen(place, next.id, number, tools)
  return ok(next)
}

async function openCurrent(
  place: VaultPlace,
  identity: Buffer,
  tools = vaultTools,
): Promise<Result<{ doc: VaultDocument; bytes: Buffer }>> {
  // Before the vault, because a writer replaces the vault first: the number never runs ahead of what we then read.
  const seen = await lastSeen(place, vaultId(identity))
  if (!seen.ok) return seen
  const file = await readVault(place)
  if (!file.ok) return file
  const doc = await unseal(place, identity, file.value)
  if (!doc.ok) return doc
  const { id, generation } = doc.value
  if (generation < seen.value) {
    return err({ reason: 'vault-older', path: place.vault, generation, seen: seen.value })
  }
  if (generation > seen.value) {
    const recorded = await recordSeen(place, id, generation, tools)
    if (!recorded.ok) return recorded
  }
  return ok({ doc: doc.value, bytes: file.value })
}
