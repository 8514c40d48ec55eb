import { userPaths } from '../../adapters/files/paths.ts'
import { readConfigFile } from '../../adapters/files/project-files.ts'
import { where } from '../../adapters/holder/client.ts'
import { ok, type Result } from '../../core/result.ts'
import type { Caller } from '../session/caller.ts'
import { type VaultPlace, vaultPlace } from './place.ts'

/** How a command gets at a vault. */
export interface VaultAccess extends Pick<Caller, 'passphraseFd' | 'nonInteractive' | 'say' | 'kept'> {
  place: VaultPlace
}

/** Access to the vault of the current folder for one command. */
export async function vaultAccess(caller: Caller): Promise<Result<VaultAccess>> {
  const place = await vaultHere(caller.env)
  if (!place.ok) return place
  const { passphraseFd, nonInteractive, say, kept } = caller
  return ok({ place: place.value, passphraseFd, nonInteractive, say, ...(kept && { kept }) })
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
