import { createHash } from 'node:crypto'
import { decryptWith, encryptTo, recipientOf } from '../../adapters/vault/age-files.ts'
import type { Check, VaultPlace } from '../../adapters/vault/vault-files.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { encodeDocument, parseDocument, type VaultDocument } from '../../core/vault/document.ts'

/** A document as the bytes of a vault file, with the proof that they open to the same document. */
interface Sealed {
  bytes: Buffer
  check: Check
  /** Wipes what the check compares with. Call it when the file is written. */
  done(): void
}

/**
 * The id of the vault that belongs to an identity: 32 hex digits. A hash of the secret half, so that whoever knows only
 * the public half can't make a document that passes for this vault.
 */
export function vaultId(identity: Buffer): string {
  return createHash('sha256').update('tazpod vault id\0').update(identity).digest('hex').slice(0, 32)
}

/** Encrypts a document to its identity and to its other recipients. */
export async function seal(place: VaultPlace, identity: Buffer, doc: VaultDocument): Promise<Result<Sealed>> {
  const plain = encodeDocument(doc)
  if (!plain.ok) return plain
  const recipients = new Set([await recipientOf(identity), ...doc.recipients.map((r) => r.recipient)])
  const bytes = await encryptTo(plain.value, [...recipients])
  return ok({
    bytes,
    check: opensTo(place.vault, plain.value, (file) => decryptWith(file, identity)),
    done: () => plain.value.fill(0),
  })
}

/** A check that what was read back from the disk decrypts to exactly `expected`. */
export function opensTo(
  path: string,
  expected: Buffer,
  open: (file: Buffer) => ReturnType<typeof decryptWith>,
): Check {
  return async (readBack) => {
    const opened = await open(readBack)
    const same = opened.ok && opened.value.equals(expected)
    if (opened.ok) opened.value.fill(0)
    return same ? ok() : err({ reason: 'not-written', path, step: 'decrypt what was written', code: 'EIO' })
  }
}

/**
 * Opens the bytes of a vault file (or of one of its generations, at `path`) with its identity.
 * Failures: vault-foreign, vault-damaged, vault-newer. Says nothing about its age.
 */
export async function unseal(
  place: VaultPlace,
  identity: Buffer,
  bytes: Buffer,
  path = place.vault,
): Promise<Result<VaultDocument>> {
  const doc = await unsealAny(place, identity, bytes, path)
  if (!doc.ok || doc.value.id === vaultId(identity)) return doc
  return err({ reason: 'vault-foreign', vault: path, identity: place.identity })
}

/** Like {@link unseal} for any recipient, such as the recovery key, to which the vault's id does not belong. */
export async function unsealAny(
  place: VaultPlace,
  identity: Buffer,
  bytes: Buffer,
  path = place.vault,
): Promise<Result<VaultDocument>> {
  const opened = await decryptWith(bytes, identity)
  if (!opened.ok) {
    return opened.error.kind === 'no-match'
      ? err({ reason: 'vault-foreign', vault: path, identity: place.identity })
      : err({ reason: 'vault-damaged', path, why: opened.error.why })
  }
  try {
    return parseDocument(opened.value, path)
  } finally {
    opened.value.fill(0)
  }
}
