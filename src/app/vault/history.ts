import { readPrivateFile } from '../../adapters/files/private-files.ts'
import {
  type Generation,
  keepGeneration,
  keepUnreadable,
  lastSeen,
  listGenerations,
  readGeneration,
  readVault,
  type VaultPlace,
  vaultTools,
  withWriter,
} from '../../adapters/vault/vault-files.ts'
import { EXIT } from '../../core/failure/exit.ts'
import { failureText } from '../../core/failure/words.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { MAX_VAULT, type VaultDocument } from '../../core/vault/document.ts'
import { wipeDocument } from '../../core/vault/edit.ts'
import type { VaultAccess } from './access.ts'
import { withIdentity } from './identity.ts'
import { openVault, writeNext } from './open.ts'
import { unseal, vaultId } from './seal.ts'

/** One kept generation, as far as it can be seen without a passphrase. */
export interface Kept {
  number: number
  path: string
  /** Bytes of the encrypted file. */
  size: number
  /** ISO 8601. */
  written: string
  /** Whether vault.age holds exactly these bytes. */
  current: boolean
}

export interface Verified {
  path: string
  generation?: number
  secrets?: number
  ok: boolean
  /** Why it does not open. */
  why?: string
}

/** The kept generations, newest first. Asks for nothing: only names, sizes and bytes are compared. */
export async function vaultHistory(place: VaultPlace): Promise<Result<Kept[]>> {
  const current = await readVault(place)
  const kept = await listGenerations(place)
  if (!current.ok && kept.length === 0) return current
  const rows: Kept[] = []
  for (const one of kept) {
    const bytes = await readGeneration(one)
    const same = current.ok && bytes.ok && bytes.value.equals(current.value)
    rows.push({ ...about(one), current: same })
  }
  return ok(rows)
}

/** Opens vault.age and every kept generation, and says of each whether and why not. `exitCode` is 0 when all open. */
export function verifyVault(access: VaultAccess): Promise<Result<{ files: Verified[]; exitCode: number }>> {
  const { place } = access
  return withIdentity(access, async (identity) => {
    const current = await openVault(place, identity)
    const rows = [report(place.vault, current)]
    for (const one of await listGenerations(place)) {
      rows.push(report(one.path, await openGeneration(place, identity, one)))
    }
    // Not one belongs to this identity: that is no finding about the files, but the wrong key.
    if (rows.every((row) => row.foreign) && !current.ok) return current
    const files = rows.map(({ foreign: _, ...row }) => row)
    return ok({ files, exitCode: rows.every((row) => row.ok) ? 0 : EXIT.data })
  })
}

/** What a person asked to restore: a generation's number or a file's path, exactly one of them. */
export function restoreSource(generation?: number, file?: string): Result<number | string> {
  const from = generation ?? file
  if (from !== undefined && (generation === undefined || file === undefined)) return ok(from)
  const message = 'name one thing to restore: a generation, or --file PATH'
  return err({ reason: 'usage', message, next: 'tazpod vault history' })
}

/**
 * Makes an earlier content the current one, as a new generation, so that this machine takes it although it is older.
 * `from` is the number of a kept generation or the path of a vault file. What vault.age holds now is kept as well.
 */
export function restoreVault(
  access: VaultAccess,
  from: number | string,
): Promise<Result<{ generation: number; secrets: number }>> {
  const { place } = access
  return withIdentity(access, (identity) =>
    withWriter(place, vaultTools, async () => {
      const kept = await listGenerations(place)
      const source = await sourceOf(place, identity, kept, from)
      if (!source.ok) return source
      const seen = await lastSeen(place, vaultId(identity))
      if (!seen.ok) return seen
      const current = await keepCurrent(place, identity)
      if (!current.ok) return current
      const highest = Math.max(
        seen.value,
        current.value,
        source.value.generation,
        ...kept.map((k) => k.number),
      )
      const written = await writeNext(place, identity, source.value, highest + 1)
      const secrets = source.value.secrets.size
      wipeDocument(source.value)
      return written.ok ? ok({ generation: highest + 1, secrets }) : written
    }),
  )
}

async function sourceOf(
  place: VaultPlace,
  identity: Buffer,
  kept: readonly Generation[],
  from: number | string,
): Promise<Result<VaultDocument>> {
  if (typeof from === 'string') {
    const file = await readPrivateFile(from, MAX_VAULT)
    return file.ok ? unseal(place, identity, file.value, from) : file
  }
  const one = kept.find((k) => k.number === from)
  if (one !== undefined) return openGeneration(place, identity, one)
  const message = `there is no generation ${from}; kept are ${kept.map((k) => k.number).join(', ') || 'none'}`
  return err({ reason: 'usage', message, next: 'tazpod vault history' })
}

/** Saves what vault.age holds before it is replaced. Returns its generation, 0 when it can't be opened. */
async function keepCurrent(place: VaultPlace, identity: Buffer): Promise<Result<number>> {
  const current = await readVault(place)
  if (!current.ok) {
    const nothing = current.error.reason === 'vault-missing' || current.error.reason === 'vault-damaged'
    return nothing ? ok(0) : current
  }
  const doc = await unseal(place, identity, current.value)
  if (!doc.ok) {
    const saved = await keepUnreadable(place, current.value, vaultTools)
    return saved.ok ? ok(0) : saved
  }
  const { generation } = doc.value
  wipeDocument(doc.value)
  const saved = await keepGeneration(place, generation, current.value, vaultTools)
  return saved.ok ? ok(generation) : saved
}

async function openGeneration(
  place: VaultPlace,
  identity: Buffer,
  one: Generation,
): Promise<Result<VaultDocument>> {
  const bytes = await readGeneration(one)
  return bytes.ok ? unseal(place, identity, bytes.value, one.path) : bytes
}

function report(path: string, doc: Result<VaultDocument>): Verified & { foreign?: boolean } {
  if (!doc.ok) {
    const foreign = doc.error.reason === 'vault-foreign'
    return { path, ok: false, why: failureText(doc.error).message, foreign }
  }
  const { generation, secrets } = doc.value
  wipeDocument(doc.value)
  return { path, generation, secrets: secrets.size, ok: true }
}

function about(one: Generation): Omit<Kept, 'current'> {
  return { number: one.number, path: one.path, size: one.size, written: one.written.toISOString() }
}
