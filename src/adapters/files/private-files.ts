import { constants, type Stats } from 'node:fs'
import { mkdir, open, readdir, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { err, ok, type Result } from '../../core/result.ts'
import { shellWord } from '../../core/text/shell-word.ts'
import { type Disk, disk as realDisk } from './disk.ts'
import { errnoOf } from './errno.ts'
import { readUpTo } from './read-up-to.ts'

const TEMP_PREFIX = '.tazpod-'
const TEMP_SUFFIX = '.tmp'

/**
 * Reads a file that only its owner may read: a plain file (no symlink, FIFO, device, folder), owned by us, without
 * any right for group and others. Never waits for a FIFO. `limit` in bytes.
 * A file that is not there is `io` with code ENOENT.
 */
export async function readPrivateFile(path: string, limit: number): Promise<Result<Buffer>> {
  // O_NONBLOCK: opening a FIFO returns at once instead of waiting for somebody to write into it.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  let file: Awaited<ReturnType<typeof open>>
  try {
    file = await open(path, flags)
  } catch (error) {
    const code = errnoOf(error)
    if (code === 'ELOOP') return unsafe(path, 'it is a symbolic link, which could point anywhere')
    if (code === 'ENXIO') return unsafe(path, 'it is a socket, not a file')
    return err({ reason: 'io', action: 'read', path, code })
  }
  try {
    const about = await file.stat()
    const refused = refusal(path, about)
    if (refused !== undefined) return refused
    if (about.size > limit) return err({ reason: 'too-large', what: path, size: about.size, limit })
    return ok(await readUpTo(file, about.size)) // shortened meanwhile: what opens the content notices
  } catch (error) {
    return err({ reason: 'io', action: 'read', path, code: errnoOf(error) })
  } finally {
    await file.close()
  }
}

function refusal(path: string, about: Stats): Result<never> | undefined {
  if (about.isDirectory()) return unsafe(path, 'it is a folder, not a file')
  if (!about.isFile()) return unsafe(path, 'it is no plain file (a FIFO or a device)')
  if (about.uid !== process.geteuid?.()) return unsafe(path, `it belongs to user ${about.uid}, not to you`)
  if ((about.mode & 0o077) === 0) return undefined
  const mode = (about.mode & 0o777).toString(8).padStart(4, '0')
  return unsafe(path, `its mode ${mode} lets other users read or change it`, `chmod 600 ${shellWord(path)}`)
}

interface WriteOptions {
  /** Gets what was read back from the disk before the file takes its name; a failure keeps the old file. */
  check: (readBack: Buffer) => Promise<Result<void>>
  /** The file must be new: an existing one is never replaced (`io` with EEXIST). */
  exclusive?: boolean
  /** For fault-injection tests. */
  disk?: Disk
}

/**
 * Writes a private file (mode 0600) so that at every moment the old or the new content is there, whole: a temporary
 * file in the same folder → write → fsync → read back and check → rename → fsync of the folder.
 * Any failure up to the rename is `not-written` and leaves the old content; the temporary file is removed.
 */
export async function writePrivateFile(
  path: string,
  bytes: Buffer,
  options: WriteOptions,
): Promise<Result<void>> {
  const disk = options.disk ?? realDisk
  const folder = dirname(path)
  let step = 'make a temporary file'
  let temp: { path: string; fd: number } | undefined
  let open = false
  try {
    temp = await disk.createTemp(folder, TEMP_PREFIX, TEMP_SUFFIX)
    open = true
    step = 'write'
    for (let done = 0; done < bytes.length; ) done += await disk.write(temp.fd, bytes.subarray(done))
    step = 'write to the disk'
    await disk.sync(temp.fd)
    step = 'close'
    open = false // close(2) frees the descriptor even when it fails
    await disk.close(temp.fd)
    step = 'read back'
    const checked = await options.check(await disk.read(temp.path))
    if (!checked.ok) return checked
    step = 'put in place'
    if (options.exclusive) await disk.link(temp.path, path)
    else await disk.rename(temp.path, path)
  } catch (error) {
    const code = errnoOf(error)
    if (options.exclusive && code === 'EEXIST') return err({ reason: 'io', action: 'create', path, code })
    return err({ reason: 'not-written', path, step, code })
  } finally {
    if (temp !== undefined) {
      if (open) await disk.close(temp.fd).catch(() => undefined)
      await disk.unlink(temp.path).catch(() => undefined) // after a rename there is nothing left of it
    }
  }
  try {
    await disk.syncFolder(folder)
    return ok()
  } catch (error) {
    // The new content is in place; only its survival of a power cut is not confirmed.
    return err({ reason: 'io', action: 'confirm on the disk', path, code: errnoOf(error) })
  }
}

/**
 * Makes a folder (mode 0700, parents as needed) for private files, or takes an existing one of ours; a folder that
 * others may write into is refused, because they could exchange the files in it.
 */
export async function privateFolder(path: string): Promise<Result<void>> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    const about = await stat(path) // a link to another disk is the user's choice; what it leads to must be safe
    if (about.uid !== process.geteuid?.()) return unsafe(path, `it belongs to user ${about.uid}, not to you`)
    if ((about.mode & 0o022) === 0) return ok()
    return unsafe(path, 'other users may write into it', `chmod go-w ${shellWord(path)}`)
  } catch (error) {
    return err({ reason: 'io', action: 'make the folder', path, code: errnoOf(error) })
  }
}

/**
 * Removes temporary files that a killed writer left (never clear text). Those younger than `age` ms stay: without the
 * writer's lock they may be somebody's who is still at work.
 */
export async function removeLeftovers(folder: string, age = 0): Promise<void> {
  const names = await readdir(folder).catch(() => [])
  const left = names.filter((name) => name.startsWith(TEMP_PREFIX) && name.endsWith(TEMP_SUFFIX))
  const remove = async (path: string) => {
    const { mtimeMs } = await stat(path)
    if (Date.now() - mtimeMs >= age) await unlink(path)
  }
  await Promise.all(left.map((name) => remove(join(folder, name)).catch(() => undefined)))
}

function unsafe(path: string, why: string, next?: string): Result<never> {
  return err({ reason: 'unsafe-file', path, why, ...(next !== undefined && { next }) })
}
