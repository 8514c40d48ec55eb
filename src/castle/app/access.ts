import type { Errand } from '../../app/provider/infisical/once.ts'
import { type AccessFlags, vaultAccess } from '../../app/vault/access.ts'
import { ok, type Result } from '../../core/result.ts'
import { type Castle, readCastle } from './record.ts'
import type { WithStore } from './store.ts'
import { vaultStoreOf } from './vault-store.ts'

export interface OpenCastle {
  castle: Castle
  withStore: WithStore
}

/** The castle of the current folder and the store of its secrets, which is opened by the first use. */
export async function castleHere(flags: AccessFlags, errand: Errand): Promise<Result<OpenCastle>> {
  const castle = await readCastle(process.cwd())
  if (!castle.ok) return castle
  const withStore = await storeOf(castle.value.record.provider, flags, errand)
  return withStore.ok ? ok({ castle: castle.value, withStore: withStore.value }) : withStore
}

/** The store that a provider stands for. Failures: those of the vault; the server is asked by the first use. */
export async function storeOf(
  provider: 'vault' | 'infisical',
  flags: AccessFlags,
  errand: Errand,
): Promise<Result<WithStore>> {
  const access = await vaultAccess(flags)
  if (!access.ok) return access
  if (provider === 'vault') return ok(vaultStoreOf(access.value))
  const { infisicalStoreOf } = await import('./infisical-store.ts') // with its HTTP client
  return ok(infisicalStoreOf(access.value, errand))
}
