import { lock } from '../../../adapters/holder/client.ts'
import { byServer, liveTokens } from '../../../core/provider/infisical/held.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import { wipeDocument, withoutIdentity } from '../../../core/vault/edit.ts'
import type { VaultAccess } from '../../vault/access.ts'
import { heldSession } from '../../vault/held-identity.ts'
import { withIdentity } from '../../vault/identity.ts'
import { openVault, updateVault } from '../../vault/open.ts'
import { revokeTokens } from './revoke.ts'
import { identityOf } from './source.ts'

export interface LoggedOut {
  name: string
  /** Sessions of it that were ended at the server. */
  revoked: number
  /** Servers that did not answer: there it ends by its own time. */
  failed: string[]
  /** Whether this project was unlocked with it, and is locked now. */
  locked: boolean
}

const PATIENCE_MS = 8_000

/**
 * Takes an identity out of the vault, ends its session at the server and locks this project where it was unlocked
 * with it. Earlier generations of the vault keep the client secret: revoke that in Infisical to end it for good.
 */
export function logOut(
  access: VaultAccess,
  name: string,
  env: NodeJS.ProcessEnv,
): Promise<Result<LoggedOut>> {
  return withIdentity(access, async (identity) => {
    const doc = await openVault(access.place, identity)
    if (!doc.ok) return doc
    const known = identityOf(doc.value, name)
    wipeDocument(doc.value)
    if (!known.ok) return known
    const held = await heldSession({ key: identity })
    const mine = held?.identity === name ? held : undefined
    const ended =
      mine === undefined
        ? { revoked: 0, failed: [] }
        : await revokeTokens(byServer(liveTokens(mine, Date.now())), env, PATIENCE_MS)
    const done = await updateVault(access.place, identity, (current) => ok(withoutIdentity(current, name)))
    if (!done.ok) return done
    wipeDocument(done.value)
    const locked = mine === undefined ? undefined : await lock()
    if (locked && !locked.ok) return err(locked.error)
    return ok({ name, ...ended, locked: mine !== undefined })
  })
}
