import type { ProjectConfig } from '../../core/grant/model.ts'
import type { SecretProvider } from '../../core/provider/provider.ts'
import { ok, type Result } from '../../core/result.ts'
import type { VaultDocument } from '../../core/vault/document.ts'
import { secretsOf } from '../../core/vault/edit.ts'
import type { InfisicalOptions } from './infisical/provider.ts'

/** The provider that a project names; the embedded vault where there is no project. Failure: infisical (no-identity). */
export async function providerOf(
  config: ProjectConfig | undefined,
  doc: VaultDocument,
  options: InfisicalOptions,
): Promise<Result<SecretProvider>> {
  if (config?.provider !== 'infisical') return ok(vaultProvider(doc))
  const { infisicalProvider } = await import('./infisical/provider.ts') // with its HTTP client: only where it is used
  return infisicalProvider(config, doc, options)
}

/** The embedded provider: what the opened vault holds. */
export function vaultProvider(doc: VaultDocument): SecretProvider {
  return {
    name: 'vault',
    fetch: async () => {
      const names = new Map([...doc.secrets.keys()].map((name) => [name, 'vault']))
      return ok({ secrets: secretsOf(doc), identity: new Map(), names, notes: [] })
    },
  }
}
