import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** The folders of one user, absolute. None of them has to exist yet. */
export interface UserPaths {
  /** Vault, identity, earlier generations. */
  data: string
  /** What this machine has seen: generation numbers, trust, activity log. */
  state: string
  config: string
}

/**
 * Where tazpod keeps things for the user of `env`, by the XDG base directory rules: a variable that is not an
 * absolute path is ignored, as the specification demands, so that a relative value can't move the vault with the cwd.
 */
export function userPaths(env: NodeJS.ProcessEnv): UserPaths {
  const home = absolute(env.HOME) ?? homedir()
  return {
    data: join(absolute(env.XDG_DATA_HOME) ?? join(home, '.local/share'), 'tazpod'),
    state: join(absolute(env.XDG_STATE_HOME) ?? join(home, '.local/state'), 'tazpod'),
    config: join(absolute(env.XDG_CONFIG_HOME) ?? join(home, '.config'), 'tazpod'),
  }
}

function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined
}
