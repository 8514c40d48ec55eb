import { basename, dirname, join, resolve } from 'node:path'
import type { UserPaths } from '../../adapters/files/paths.ts'
import type { VaultPlace } from '../../adapters/vault/vault-files.ts'

export type { VaultPlace }

/**
 * The place of the user's own vault, or of the one that a project names.
 * `vault` is relative to `root` (the folder of tazpod.yaml) and already checked by the config parser to stay inside
 * it. A project vault has its own identity beside it, so that one passphrase never opens two projects by accident.
 */
export function vaultPlace(paths: UserPaths, vault?: string, root?: string): VaultPlace {
  const ofProject = vault !== undefined && root !== undefined
  const file = ofProject ? resolve(root, vault) : join(paths.data, 'vault.age')
  const folder = dirname(file)
  const stem = basename(file).replace(/\.age$/, '')
  const own = stem === 'vault' ? '' : `${stem}.` // two vaults in one folder share nothing
  return {
    identity: join(folder, `${own}identity.age`),
    vault: file,
    generations: join(folder, `${own}generations`),
    seen: join(paths.state, 'seen'),
    lock: join(folder, `.${stem}.lock`),
    ...(ofProject && { root }),
  }
}
