import type { Errand } from '../../app/provider/infisical/once.ts'
import { type VaultAccess, vaultAccess } from '../../app/vault/access.ts'
import { type ProviderName, STORING_PROVIDERS, type StoringProvider } from '../../core/provider/registry.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { type Castle, readCastle } from './record.ts'
import type { WithStore } from './store.ts'
import { vaultStoreOf } from './vault-store.ts'

export interface OpenCastle {
  castle: Castle
  withStore: WithStore
}

/** The castle of the current folder and the store of its secrets, which is opened by the first use. */
export async function castleHere(errand: Errand): Promise<Result<OpenCastle>> {
  const castle = await readCastle(errand.cwd)
  if (!castle.ok) return castle
  const withStore = await storeOf(castle.value.record.provider, errand)
  return withStore.ok ? ok({ castle: castle.value, withStore: withStore.value }) : withStore
}

/** The store that a provider stands for. Failures: those of the vault; the server is asked by the first use. */
export async function storeOf(provider: StoringProvider, errand: Errand): Promise<Result<WithStore>> {
  const access = await vaultAccess(errand)
  if (!access.ok) return access
  return ok(await STORES[provider](access.value, errand))
}

/** How each provider that can be written to is one. */
const STORES: Record<StoringProvider, (access: VaultAccess, errand: Errand) => Promise<WithStore>> = {
  vault: async (access) => vaultStoreOf(access),
  infisical: async (access, errand) =>
    (await import('./infisical-store.ts')).infisicalStoreOf(access, errand), // with its HTTP client
}

/** A provider that secrets can be written to. Failure: castle-refused. */
export function storingProvider(provider: ProviderName): Result<StoringProvider> {
  const found = STORING_PROVIDERS.find((name) => name === provider)
  if (found !== undefined) return ok(found)
  return err({
    reason: 'castle-refused',
    why: `the provider of this project is ${provider}, and tazpod writes nothing into it`,
    next: 'provider: vault in tazpod.yaml, then the same command',
  })
}
