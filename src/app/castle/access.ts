import { err, ok, type Result } from '../../core/result.ts'
import { type AccessFlags, vaultAccess } from '../vault/access.ts'
import { type Castle, readCastle } from './record.ts'
import type { WithStore } from './store.ts'
import { vaultStoreOf } from './vault-store.ts'

export interface OpenCastle {
  castle: Castle
  withStore: WithStore
}

/** The castle of the current folder and the store of its secrets, which is opened by the first use. */
export async function castleHere(flags: AccessFlags): Promise<Result<OpenCastle>> {
  const castle = await readCastle(process.cwd())
  if (!castle.ok) return castle
  const withStore = await storeOf(castle.value.record.provider, flags)
  return withStore.ok ? ok({ castle: castle.value, withStore: withStore.value }) : withStore
}

/** The store that a provider stands for. Failure: provider-unavailable, and those of the vault. */
export async function storeOf(
  provider: 'vault' | 'infisical',
  flags: AccessFlags,
): Promise<Result<WithStore>> {
  if (provider !== 'vault')
    return err({
      reason: 'provider-unavailable',
      provider,
      why: 'this version of tazpod can not write to it',
      next: 'tazpod castle new NAME --provider vault',
    })
  const access = await vaultAccess(flags)
  return access.ok ? ok(vaultStoreOf(access.value)) : access
}
