import { decryptWithPassphrase, identityIn } from '../../adapters/vault/age-files.ts'
import { readIdentity, type VaultPlace } from '../../adapters/vault/vault-files.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { usablePassphrase } from '../../core/vault/passphrase.ts'

/**
 * Opens the identity file with a passphrase (bytes as typed; newlines at its ends don't count; not wiped).
 * About 0.5 s of key derivation. Returns the `AGE-SECRET-KEY-1…` bytes; the caller wipes them.
 * Failures: wrong-passphrase, bad-passphrase, vault-missing, vault-damaged, unsafe-file, io.
 */
export async function unlockIdentity(place: VaultPlace, passphrase: Buffer): Promise<Result<Buffer>> {
  const usable = usablePassphrase(passphrase)
  if (!usable.ok) return usable
  const file = await readIdentity(place)
  if (!file.ok) return file
  const opened = await decryptWithPassphrase(file.value, usable.value)
  const damaged = (why: string) => err({ reason: 'vault-damaged', path: place.identity, why } as const)
  if (!opened.ok) {
    return opened.error.kind === 'no-match'
      ? err({ reason: 'wrong-passphrase', tries: 1 })
      : damaged(opened.error.why)
  }
  const identity = await identityIn(opened.value)
  opened.value.fill(0)
  return identity === undefined ? damaged('it holds no X25519 identity (AGE-SECRET-KEY-1…)') : ok(identity)
}
