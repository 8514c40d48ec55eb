import { type Proof, prove } from '../../adapters/holder/values.ts'
import { readIdentity } from '../../adapters/vault/vault-files.ts'
import type { Result } from '../../core/result.ts'
import type { Caller } from '../session/caller.ts'
import { type VaultAccess, vaultAccess } from './access.ts'
import { sessionIdentity } from './held-identity.ts'
import { withPassphrase } from './passphrase.ts'
import type { VaultPlace } from './place.ts'
import { unlockIdentity } from './unlock.ts'

/** What opened a vault. */
export type IdentitySource = 'session' | 'keyring' | 'passphrase'

/** What may open a vault beside a typed passphrase, and what becomes of one. */
interface Ways {
  /** Whether the key that an unlocked session keeps may, and what proves that it is handed out rightly. */
  session: Proof | false
  /** A passphrase that is kept elsewhere. Undefined: none is, or it can't be used and a person is asked instead. */
  recalled?: () => Promise<Result<Buffer> | undefined>
  /** Called with a typed passphrase that opened it; when this fails, nothing is opened. */
  typed?: (passphrase: Buffer) => Promise<Result<void>>
}

/** A command that is typed soon after the passphrase, at the same terminal, is asked for nothing. */
const BY_SESSION: Ways = { session: {} }

/**
 * The one way to a vault's identity: the key of the session where it is handed out (a fresh passphrase at this terminal)
 * and the vault is no other one's, then what is
 * remembered, else a typed passphrase (three tries on a terminal). A passphrase that a script passes goes before all.
 * The identity is wiped when `work` is done: what outlives it is a copy.
 * Failures: those of `work`, of the vault's files, of passphrases and of `ways`.
 */
export async function withIdentity<T>(
  access: VaultAccess,
  work: (identity: Buffer, from: IdentitySource) => Promise<Result<T>>,
  ways: Ways = BY_SESSION,
): Promise<Result<T>> {
  const present = await readIdentity(access.place)
  if (!present.ok) return present // before anybody types a passphrase for nothing
  const use = (identity: Buffer, from: IdentitySource) => work(identity, from).finally(() => identity.fill(0))
  if (access.kept?.identity) return use(Buffer.from(access.kept.identity), 'passphrase')
  if (access.passphraseFd === undefined && ways.session) {
    const session = await sessionIdentity(ways.session)
    if (session.ok) {
      const done = await use(session.value, 'session')
      // Unlocked with another vault, because tazpod.yaml names a new one since: then the passphrase decides.
      if (done.ok || done.error.reason !== 'vault-foreign') return done
    } else if (session.error.reason !== 'locked') return session
  }
  if (access.passphraseFd === undefined && ways.recalled) {
    const recalled = await ways.recalled()
    if (recalled) return recalled.ok ? use(recalled.value, 'keyring') : recalled
  }
  const identity = await typedIdentity(access, ways.typed)
  if (!identity.ok) return identity
  // The next command of this terminal is asked for nothing. A failure only means that it is, and a pull says it with its set.
  if (ways.session) await prove(identity.value)
  if (access.kept) access.kept.identity = Buffer.from(identity.value)
  return use(identity.value, 'passphrase')
}

/** `vaultAccess` and `withIdentity` in one: for what needs the vault once. */
export async function withVault<T>(
  caller: Caller,
  work: (place: VaultPlace, identity: Buffer) => Promise<Result<T>>,
): Promise<Result<T>> {
  const access = await vaultAccess(caller)
  return access.ok ? withIdentity(access.value, (identity) => work(access.value.place, identity)) : access
}

/** The identity that the passphrase opens, asked for even while unlocked. The caller wipes it. */
export function typedIdentity(access: VaultAccess, typed?: Ways['typed']): Promise<Result<Buffer>> {
  const { passphraseFd: fd, nonInteractive, place, say } = access
  const source = { fd, nonInteractive, label: 'passphrase of the vault' }
  return withPassphrase(
    source,
    async (passphrase) => {
      const opened = await unlockIdentity(place, passphrase)
      const kept = opened.ok && typed ? await typed(passphrase) : undefined
      if (!opened.ok || kept === undefined || kept.ok) return opened
      opened.value.fill(0)
      return kept
    },
    say,
  )
}
