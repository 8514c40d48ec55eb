import { closeSync, constants, fchmodSync, lstatSync, openSync, realpathSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { err, ok, type Result } from '../../core/result.ts'
import { shellWord } from '../../core/text/shell-word.ts'
import { errnoOf } from './errno.ts'

/**
 * Looks at the target of a bind: `ready` is an empty plain file, `absent` can be created. `path` is relative to
 * `root`; `next` is the command that takes clear text away. Not followed: links, neither as the file nor out of the
 * project above it. Failures: clear-text when it holds anything, unsafe-file, io.
 */
export function inspectPlaceholder(root: string, path: string, next: string): Result<'ready' | 'absent'> {
  const target = join(root, path)
  const outside = leavesProject(root, target)
  if (outside !== undefined) return outside
  try {
    const stat = lstatSync(target, { throwIfNoEntry: false })
    if (stat === undefined) return ok('absent')
    if (stat.isSymbolicLink())
      return err({ reason: 'unsafe-file', path: target, why: 'it is a symbolic link' })
    if (!stat.isFile()) return err({ reason: 'unsafe-file', path: target, why: 'it is no plain file' })
    return stat.size === 0 ? ok('ready') : err({ reason: 'clear-text', path, next })
  } catch (error) {
    return err({ reason: 'io', action: 'look at the placeholder', path: target, code: errnoOf(error) })
  }
}

/** Makes an empty placeholder (0600). One that appeared meanwhile is left alone. Failure: io. */
export function createPlaceholder(root: string, path: string): Result<void> {
  const target = join(root, path)
  const flags = constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_CREAT | constants.O_EXCL
  try {
    const fd = openSync(target, flags, 0o600)
    fchmodSync(fd, 0o600) // whatever the umask is
    closeSync(fd)
    return ok()
  } catch (error) {
    const code = errnoOf(error)
    return code === 'EEXIST'
      ? ok()
      : err({ reason: 'io', action: 'create the placeholder', path: target, code })
  }
}

function leavesProject(root: string, target: string): Result<never> | undefined {
  const folder = dirname(target)
  try {
    const inside = relative(realpathSync(root), realpathSync(folder))
    return inside === '..' || inside.startsWith('../')
      ? err({ reason: 'unsafe-file', path: folder, why: 'a symbolic link leads out of the project' })
      : undefined
  } catch (error) {
    const code = errnoOf(error)
    return code === 'ENOENT'
      ? err({
          reason: 'unsafe-file',
          path: folder,
          why: 'the folder of a bind does not exist',
          next: `mkdir -p ${shellWord(folder)}`,
        })
      : err({ reason: 'io', action: 'look at', path: folder, code })
  }
}
