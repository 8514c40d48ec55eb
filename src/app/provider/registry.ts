import type { UserPaths } from '../../adapters/files/paths.ts'
import type { ProjectConfig } from '../../core/grant/model.ts'
import type { HeldSession } from '../../core/provider/infisical/held.ts'
import type { SecretProvider } from '../../core/provider/provider.ts'
import type { ProviderName } from '../../core/provider/registry.ts'
import type { Result } from '../../core/result.ts'
import type { VaultDocument } from '../../core/vault/document.ts'

/** What a fetch is done with. */
export interface FetchContext {
  /** The opened vault; its owner wipes it. */
  doc: VaultDocument
  /** Folder of tazpod.yaml. */
  root: string
  /** The project's name for people. */
  label: string
  env: NodeJS.ProcessEnv
  paths: UserPaths
  /** The vault's own key. */
  identity: Buffer
  /** The session that the holder keeps from the last pull. */
  before: HeldSession | undefined
  /** Use the copy and ask no server. */
  offline: boolean
  /** May the copy stand in when the server can't be reached? Not for a refresh: the old set is newer. */
  fallback: boolean
  /** What is being waited for. */
  progress: (text: string) => void
}

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
