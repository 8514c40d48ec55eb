import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { err, ok, type Result } from '../../core/result.ts'
import { errnoOf } from './errno.ts'
import { readUpTo } from './read-up-to.ts'

/**
 * Reads a clear-text file that is to be imported, byte for byte, at most `limit` bytes. The caller wipes it.
 * Only plain files, and never through a symbolic link at the end of the path: `--empty` must hit what was read.
 */
export async function readClearFile(path: string, limit: number): Promise<Result<Buffer>> {
  return withFile(path, constants.O_RDONLY, 'read', async (file) => {
    const { size } = await file.stat()
    if (size > limit) return err({ reason: 'too-large', what: path, size, limit })
    return ok(await readUpTo(file, size))
  })
}

/**
 * Empties a clear-text file in place and makes it private (0600), after zeros were written over it, if it still holds exactly `expected`.
 * The disk may keep old blocks (SSD, journal, snapshots): only a new secret is safe against that.
 */
export function emptyClearFile(path: string, expected: Buffer): Promise<Result<void>> {
  return withFile(path, constants.O_RDWR, 'empty', async (file) => {
    const { size } = await file.stat()
    const now = await readUpTo(file, Math.min(size, expected.length + 1))
    const same = now.equals(expected)
    now.fill(0)
    if (!same)
      return err({ reason: 'unsafe-file', path, why: 'it changed while it was imported; it was not emptied' })
    await file.chmod(0o600) // whatever is written here again, and the placeholder of a bind that it may be now
    await file.write(Buffer.alloc(size), 0, size, 0)
    await file.sync()
    await file.truncate(0)
    await file.sync()
    return ok()
  })
}

async function withFile<T>(
  path: string,
  flags: number,
  action: string,
  work: (file: FileHandle) => Promise<Result<T>>,
): Promise<Result<T>> {
  let file: FileHandle | undefined
  try {
    file = await open(path, flags | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const about = await file.stat()
    if (!about.isFile()) return err({ reason: 'unsafe-file', path, why: 'it is no plain file' })
    return await work(file)
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ELOOP') return err({ reason: 'unsafe-file', path, why: 'it is a symbolic link' })
    return err({ reason: 'io', action, path, code })
  } finally {
    await file?.close()
  }
}
