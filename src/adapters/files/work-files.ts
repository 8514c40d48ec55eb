import { constants } from 'node:fs'
import { open, readdir, readlink, realpath } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { err, ok, type Result } from '../../core/result.ts'
import { errnoOf } from './errno.ts'
import { readUpTo } from './read-up-to.ts'

/** One file of the shared `work` folder of a session. */
export interface WorkFile {
  /** Relative to `work`, with `/`. */
  name: string
  /** The caller zeroes it. */
  content: Buffer
  /** Permission bits of the owner. */
  mode: number
}

/** As many names as `save --all` takes. */
export const MAX_FILES = 1_000

/** Names of the plain files below `work`, sorted. Failure: io; not-saved when there are more than 1,000. */
export async function listWork(work: string): Promise<Result<string[]>> {
  try {
    const entries = await readdir(work, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile())
    if (files.length > MAX_FILES) {
      return err({
        reason: 'not-saved',
        name: work,
        why: `it holds more than ${MAX_FILES} files; name those that matter`,
      })
    }
    return ok(files.map((entry) => relative(work, join(entry.parentPath, entry.name))).sort())
  } catch (error) {
    return err({ reason: 'io', action: 'list', path: work, code: errnoOf(error) })
  }
}

/**
 * Reads one file of `work`, at most `limit` bytes. `name` stays inside of it (checked by the caller) and no part of
 * it may be a symbolic link: a command could have planted one that points at any file of the user.
 * Failures: not-saved, io.
 */
export async function readWorkFile(work: string, name: string, limit: number): Promise<Result<WorkFile>> {
  const refused = (why: string) => err({ reason: 'not-saved', name, why } as const)
  let file: Awaited<ReturnType<typeof open>>
  const path = join(work, name)
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return refused('there is no such file in $TAZPOD_GHOST/work')
    return code === 'ELOOP'
      ? refused('it is a symbolic link')
      : err({ reason: 'io', action: 'read', path, code })
  }
  try {
    // Where the opened file really is, links of folders resolved: decided after opening, so nothing can change.
    const opened = await readlink(`/proc/self/fd/${file.fd}`)
    if (opened !== join(await realpath(work), name)) return refused('a symbolic link is in its path')
    const stat = await file.stat()
    if (!stat.isFile()) return refused('it is no plain file')
    if (stat.size > limit) return err({ reason: 'too-large', what: name, size: stat.size, limit })
    return ok({ name, content: await readUpTo(file, stat.size), mode: stat.mode & 0o700 })
  } catch (error) {
    return err({ reason: 'io', action: 'read', path, code: errnoOf(error) })
  } finally {
    await file.close()
  }
}
