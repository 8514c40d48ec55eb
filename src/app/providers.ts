import type { ProjectConfig } from '../core/config-model.ts'
import type { SecretProvider } from '../core/provider.ts'
import { err, ok, type Result } from '../core/result.ts'
import type { VaultDocument } from '../core/vault-document.ts'
import { secretsOf } from '../core/vault-edit.ts'

/**
 * The provider that a project names; the embedded vault where there is no project. Decided before a passphrase is
 * asked for. Failure: provider-unavailable.
 */
export function knownProvider(config: ProjectConfig | undefined): Result<'vault'> {
  const name = config?.provider ?? 'vault'
  if (name === 'vault') return ok(name)
  return err({
    reason: 'provider-unavailable',
    provider: name,
    why: 'this version of tazpod has no login for it',
    next: 'write `provider: vault` in tazpod.yaml',
  })
}

/** The embedded provider: what the opened vault holds. */
export function vaultProvider(doc: VaultDocument): SecretProvider {
  return {
    name: 'vault',
    fetch: async () => ok({ secrets: secretsOf(doc), identity: new Map() }),
  }
}
