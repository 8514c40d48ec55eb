import { getMany } from '../../adapters/holder/values.ts'
import { definitionOf, type ProviderName } from '../../core/provider/registry.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { wipeDocument } from '../../core/vault/edit.ts'
import type { VaultAccess } from '../vault/access.ts'
import { typedIdentity } from '../vault/identity.ts'
import { openVault } from '../vault/open.ts'

/**
 * The value of one secret, for the eyes of whoever knows the passphrase: it is asked for even while unlocked, because
 * an unattended terminal must not be enough. From the vault where that is the provider, else from the session: a name
 * in the vault may be another secret. The caller wipes it.
 * Failures: those of passphrases and of the vault, secret-missing, locked, ghost, native-missing.
 */
export async function revealSecret(
  access: VaultAccess,
  name: string,
  provider: ProviderName,
): Promise<Result<Buffer>> {
  const identity = await typedIdentity(access)
  if (!identity.ok) return identity
  try {
    return await revealed(access, identity.value, name, provider)
  } finally {
    identity.value.fill(0)
  }
}

async function revealed(
  access: VaultAccess,
  key: Buffer,
  name: string,
  provider: ProviderName,
): Promise<Result<Buffer>> {
  const doc = await openVault(access.place, key)
  if (!doc.ok) return doc
  const value = definitionOf(provider).shows === 'vault' ? doc.value.secrets.get(name)?.value : undefined
  const copy = value && Buffer.from(value)
  wipeDocument(doc.value)
  if (copy) return ok(copy)
  const held = await getMany([name], { key })
  if (!held.ok) return held
  const [found] = held.value
  return found === undefined ? err({ reason: 'secret-missing', name, from: 'the session' }) : ok(found)
}
