import { userPaths } from '../../adapters/files/paths.ts'
import { readConfigFile } from '../../adapters/files/project-files.ts'
import { where } from '../../adapters/holder/client.ts'
import { readIdentity } from '../../adapters/vault/vault-files.ts'
import { ok, type Result } from '../../core/result.ts'
import { sessionIdentity } from './held-identity.ts'
import { withPassphrase } from './passphrase.ts'
import { type VaultPlace, vaultPlace } from './place.ts'
import { unlockIdentity } from './unlock.ts'

/** How a command gets at a vault. */
export interface VaultAccess {
  place: VaultPlace
  /** Descriptor that delivers the passphrase, if a script passes one. */
  passphraseFd?: number | undefined
  nonInteractive: boolean
  /** Tells a person something between two questions. */
  say: (line: string) => void
}

/** The flags of a command that opens the vault, as oclif parsed them. */
export interface AccessFlags {
  'passphrase-fd'?: number | undefined
  'non-interactive': boolean
}

/** Access to the vault of the current folder for one command. Remarks go to stderr. */
export async function vaultAccess(flags: AccessFlags): Promise<Result<VaultAccess>> {
  const place = await vaultHere(process.env)
  if (!place.ok) return place
  const { 'passphrase-fd': passphraseFd, 'non-interactive': nonInteractive } = flags
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  return ok({ place: place.value, passphraseFd, nonInteractive, say })
}

/** The vault of the current folder: the one that the project names, else the user's own. */
export async function vaultHere(env: NodeJS.ProcessEnv): Promise<Result<VaultPlace>> {
  const here = await where()
  if (!here.ok) return here
  const paths = userPaths(env)
  const { root, config } = here.value
  if (root === null || config === null) return ok(vaultPlace(paths))
  const file = readConfigFile(config)
  if (!file.ok) return file
  const { parseConfig } = await import('../../core/project/read.ts')
  const project = parseConfig(file.value.bytes, config)
  return project.ok ? ok(vaultPlace(paths, project.value.vault, root)) : project
}

/**
 * Runs `work` with the vault's identity, which is wiped afterwards: the one that an unlocked session keeps, so that
 * nothing is asked, else the one that the passphrase opens (three tries on a terminal).
 */
export async function withIdentity<T>(
  access: VaultAccess,
  work: (identity: Buffer) => Promise<Result<T>>,
): Promise<Result<T>> {
  const present = await readIdentity(access.place)
  if (!present.ok) return present // before anybody types a passphrase for nothing
  if (access.passphraseFd === undefined) {
    const session = await sessionIdentity()
    if (session.ok) {
      const done = await work(session.value).finally(() => session.value.fill(0))
      // Unlocked with another vault, because tazpod.yaml names a new one since: then the passphrase decides.
      if (done.ok || done.error.reason !== 'vault-foreign') return done
    } else if (session.error.reason !== 'locked') return session
  }
  const identity = await typedIdentity(access)
  if (!identity.ok) return identity
  return work(identity.value).finally(() => identity.value.fill(0))
}

/** `vaultAccess` and `withIdentity` in one: for what needs the vault once. */
export async function withVault<T>(
  flags: AccessFlags,
  work: (place: VaultPlace, identity: Buffer) => Promise<Result<T>>,
): Promise<Result<T>> {
  const access = await vaultAccess(flags)
  return access.ok ? withIdentity(access.value, (identity) => work(access.value.place, identity)) : access
}

/** The identity that the passphrase opens, asked for even while unlocked. The caller wipes it. */
export function typedIdentity(access: VaultAccess): Promise<Result<Buffer>> {
  const { passphraseFd: fd, nonInteractive, place, say } = access
  const source = { fd, nonInteractive, label: 'passphrase of the vault' }
  return withPassphrase(source, (passphrase) => unlockIdentity(place, passphrase), say)
}
