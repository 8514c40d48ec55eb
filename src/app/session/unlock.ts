import { userPaths } from '../../adapters/files/paths.ts'
import { forgetPassphrase, recalledPassphrase, rememberPassphrase } from '../../adapters/vault/keyring.ts'
import { isRemembered, noteForgotten, noteRemembered } from '../../adapters/vault/remembered.ts'
import { readIdentity } from '../../adapters/vault/vault-files.ts'
import { ok, type Result } from '../../core/result.ts'
import type { VaultDocument } from '../../core/vault/document.ts'
import type { VaultAccess } from '../vault/access.ts'
import { type IdentitySource, withIdentity } from '../vault/identity.ts'
import { openVault, unlockIdentity } from '../vault/open.ts'

/** An opened vault. The caller wipes both. */
export interface OpenVault {
  identity: Buffer
  doc: VaultDocument
  from: IdentitySource
}

interface UnlockOptions {
  env: NodeJS.ProcessEnv
  /** Keep the passphrase in the desktop's secret service from now on. */
  remember: boolean
  /** Remove it from there first. */
  forget: boolean
  /** Whether a holder is there to be asked. */
  unlocked: boolean
  /** The connection to the holder that a refresh has inherited. */
  over: number | undefined
  /** Ask for the passphrase whatever is known already. */
  extend: boolean
}

/**
 * Opens the vault of a pull: with the identity of the running session, so that a refresh asks for nothing, else with
 * the remembered passphrase, else with a typed one (three tries).
 * Failures: those of the vault, of passphrases and of the keyring. Nothing is started or changed by a failure.
 */
export async function unlockVault(access: VaultAccess, options: UnlockOptions): Promise<Result<OpenVault>> {
  const { forget: forgets, remember: remembers, extend, unlocked, over } = options
  if (forgets || remembers) {
    const present = await readIdentity(access.place)
    if (!present.ok) return present // before the desktop is asked for anything
  }
  if (forgets) {
    const forgotten = await forget(access, options)
    if (!forgotten.ok) return forgotten
  }
  if (remembers) {
    const kept = await recalledPassphrase(access.place.identity)
    if (!kept.ok) return kept // no service: said before the passphrase is typed, too
    kept.value?.fill(0)
  }
  const asks = remembers || extend
  const work = async (identity: Buffer, from: IdentitySource): Promise<Result<OpenVault>> => {
    const doc = await openVault(access.place, identity)
    return doc.ok ? ok({ identity: Buffer.from(identity), doc: doc.value, from }) : doc
  }
  return withIdentity(access, work, {
    session: unlocked && !asks ? { over } : false,
    ...(!asks && { recalled: () => fromKeyring(access, options) }),
    ...(remembers && { typed: (passphrase: Buffer) => remember(access, options, passphrase) }),
  })
}

/** Undefined: nothing is remembered, or it does not open the vault and a person can be asked instead. */
async function fromKeyring(access: VaultAccess, { env }: UnlockOptions): Promise<Result<Buffer> | undefined> {
  const account = access.place.identity
  if (!(await isRemembered(userPaths(env), account))) return undefined
  const passphrase = await recalledPassphrase(account)
  const problem = (what: Result<never>) => {
    if (access.nonInteractive) return what
    access.say('the remembered passphrase can not be used; it is asked for instead')
    return undefined
  }
  if (!passphrase.ok) return problem(passphrase)
  if (passphrase.value === undefined) return undefined
  const identity = await unlockIdentity(access.place, passphrase.value)
  passphrase.value.fill(0)
  return identity.ok ? identity : problem(identity)
}

async function remember(
  access: VaultAccess,
  { env }: UnlockOptions,
  passphrase: Buffer,
): Promise<Result<void>> {
  const kept = await rememberPassphrase(access.place.identity, passphrase)
  return kept.ok ? noteRemembered(userPaths(env), access.place.identity) : kept
}

async function forget(access: VaultAccess, { env }: UnlockOptions): Promise<Result<void>> {
  const { identity } = access.place
  const gone = await forgetPassphrase(identity)
  if (!gone.ok) return gone
  await noteForgotten(userPaths(env), identity)
  return ok()
}
