import type { ProjectConfig } from '../../core/grant/model.ts'
import type { SecretProvider } from '../../core/provider/provider.ts'
import type { ProviderName } from '../../core/provider/registry.ts'
import type { Result } from '../../core/result.ts'
import type { FetchContext } from './fetch-context.ts'

type MakeProvider = (config: ProjectConfig | undefined, context: FetchContext) => Result<SecretProvider>

/** How each provider fetches, loaded where it is used only. */
const FETCHERS: Record<ProviderName, () => Promise<MakeProvider>> = {
  vault: async () => (await import('./vault/provider.ts')).vaultProvider,
  infisical: async () => (await import('./infisical/provider.ts')).infisicalProvider,
  command: async () => (await import('./command/provider.ts')).commandProvider,
  file: async () => (await import('./file/provider.ts')).fileProvider,
}

/** The provider that a project names; the embedded vault where there is no project. Failures: those of its making. */
export async function providerOf(
  config: ProjectConfig | undefined,
  context: FetchContext,
): Promise<Result<SecretProvider>> {
  const make = await FETCHERS[config?.provider ?? 'vault']()
  return make(config, context)
}
