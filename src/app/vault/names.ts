import { hostname, userInfo } from 'node:os'
import { basename } from 'node:path'

/** Words that are no secret here, and that a guesser tries first: user, machine, current folder `cwd`. */
export function guessableNames(cwd: string): string[] {
  return [userName(), hostname(), basename(cwd)]
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return '' // a uid without an entry in passwd, as in many containers
  }
}
