import { userPaths } from '../../adapters/files/paths.ts'
import { forgetPassphrase, recalledPassphrase, rememberPassphrase } from '../../adapters/vault/keyring.ts'
import { isRemembered, noteForgotten, noteRemembered } from '../../adapters/vault/remembered.ts'
import { readIdentity } from '../../adapters/vault/vault-files.ts'
import { ok, type Result } from '../../core/result.ts'
import type { VaultDocument } from '../../core/vault/document.ts'
import type { VaultAccess } from '../vault/access.ts'
import { sessionIdentity } from '../vault/held-identity.ts'
import { openVault, unlockIdentity } from '../vault/open.ts'
import { type PassphraseSource, withPassphrase } from '../vault/passphrase.ts'

/** An opened vault. The caller wipes both. */
export interface OpenVault {
  identity: Buffer
  doc: VaultDocument
  from: 'session' | 'keyring' | 'passphrase'
}

export interface UnlockOptions {
  env: NodeJS.ProcessEnv
  /** Keep the passphrase in the desktop's secret service from now on. */
  remember: boolean
  /** Remove it from there first. */
  forget: boolean
  /** Whether a holder is there to be asked. */
  unlocked: boolean
  /** Ask for the passphrase whatever is known already. */
  extend: boolean
}

/**
 * Opens the vault of a pull: with the identity of the running session, so that a refresh asks for nothing, else with
 * the remembered passphrase, else with a typed one (three tries).
 * Failures: those of the vault, of passphrases and of the keyring. Nothing is started or changed by a failure.
 */
export async function unlockVault(access: VaultAccess, options: UnlockOptions): Promise<Result<OpenVault>> {
  const present = await readIdentity(access.place)
  if (!present.ok) return present // before anybody types a passphrase for nothing
  if (options.forget) {
    const forgotten = await forget(access, options)
    if (!forgotten.ok) return forgotten
  }
  if (options.remember) {
    const kept = await recalledPassphrase(access.place.identity)
    if (!kept.ok) return kept // no service: said before the passphrase is typed, too
    kept.value?.fill(0)
  } else if (access.passphraseFd === undefined && !options.extend) {
    const session = options.unlocked ? await fromSession(access) : undefined
    if (session) return session
    const recalled = await fromKeyring(access, options)
    if (recalled) return recalled
  }
  return fromPassphrase(access, options)
}

/** Undefined: locked, or unlocked with another vault because tazpod.yaml names a new one since. */
async function fromSession(access: VaultAccess): Promise<Result<OpenVault> | undefined> {
  const identity = await sessionIdentity()
  if (!identity.ok) return identity.error.reason === 'locked' ? undefined : identity
  const opened = await openWith(access, identity.value, 'session')
  return !opened.ok && opened.error.reason === 'vault-foreign' ? undefined : opened
}

/** Undefined: nothing is remembered, or it does not open the vault and a person can be asked instead. */
async function fromKeyring(
  access: VaultAccess,
  { env }: UnlockOptions,
): Promise<Result<OpenVault> | undefined> {
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
  return identity.ok ? openWith(access, identity.value, 'keyring') : problem(identity)
}

async function fromPassphrase(access: VaultAccess, options: UnlockOptions): Promise<Result<OpenVault>> {
  const { passphraseFd: fd, nonInteractive, place, say } = access
  const source: PassphraseSource = { fd, nonInteractive, label: 'passphrase of the vault' }
  const identity = await withPassphrase(
    source,
    async (passphrase) => {
      const opened = await unlockIdentity(place, passphrase)
      if (!opened.ok || !options.remember) return opened
      const kept = await remember(access, options, passphrase)
      if (kept.ok) return opened
      opened.value.fill(0)
      return kept
    },
    say,
  )
  return identity.ok ? openWith(access, identity.value, 'passphrase') : identity
}

async function openWith(
  access: VaultAccess,
  identity: Buffer,
  from: OpenVault['from'],
): Promise<Result<OpenVault>> {
  const doc = await openVault(access.place, identity)
  if (doc.ok) return ok({ identity, doc: doc.value, from })
  identity.fill(0)
  return doc
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
