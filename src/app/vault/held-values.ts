import { getMany } from '../../adapters/holder/values.ts'
import type { Result } from '../../core/result.ts'
import type { VaultAccess } from './access.ts'
import { withIdentity } from './identity.ts'

/**
 * Values that the session holds, by name, against a proof: the passphrase, or that it was given at this terminal a short
 * time ago. The caller zeroes them. Failures: locked, those of passphrases and of the vault's files.
 */
export async function heldValues(
  access: VaultAccess,
  names: readonly string[],
): Promise<Result<(Buffer | undefined)[]>> {
  const found = await getMany(names)
  if (found.ok || found.error.reason !== 'ghost') return found
  return withIdentity(access, (key) => getMany(names, { key }))
}
