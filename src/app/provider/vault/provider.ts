import type { ProvidedSet, SecretProvider } from '../../../core/provider/provider.ts'
import { ok, type Result } from '../../../core/result.ts'
import type { VaultDocument } from '../../../core/vault/document.ts'
import { secretsOf } from '../../../core/vault/edit.ts'

/** The embedded provider: what the opened vault holds. */
export function vaultProvider(_: unknown, { doc }: { doc: VaultDocument }): Result<SecretProvider> {
  return ok({ name: 'vault', fetch: async () => ok(vaultSet(doc)) })
}

/** Everything in an opened vault; the values are copies. */
function vaultSet(doc: VaultDocument): ProvidedSet {
  const names = new Map([...doc.secrets.keys()].map((name) => [name, 'vault']))
  return { secrets: secretsOf(doc), identity: new Map(), names, notes: [] }
}
