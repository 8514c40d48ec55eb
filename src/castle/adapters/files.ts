import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir, readFile, readlink, realpath, stat, symlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { disk } from '../../adapters/files/disk.ts'
import { errnoOf } from '../../adapters/files/errno.ts'
import { writePrivateFile } from '../../adapters/files/private-files.ts'
import { err, ok, type Result } from '../../core/result.ts'

/** Larger Terraform files exist nowhere; a bound for what is read. */
const MAX_TEXT = 4 * 1024 * 1024

/** A text file, or undefined where there is none. A pipe or a device is refused, not waited for. Failure: io. */
export async function readText(path: string, limit = MAX_TEXT): Promise<Result<Buffer | undefined>> {
  let file: Awaited<ReturnType<typeof open>> | undefined
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const about = await file.stat()
    if (!about.isFile()) return err({ reason: 'unsafe-file', path, why: 'it is no plain file' })
    if (about.size > limit) return err({ reason: 'too-large', what: path, size: about.size, limit })
    return ok(await file.readFile())
  } catch (error) {
    const code = errnoOf(error)
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? ok(undefined)
      : err({ reason: 'io', action: 'read', path, code })
  } finally {
    await file?.close()
  }
}

/** As `readText`, for a file that has to be there. Failure: io, with ENOENT where there is none. */
export async function readExisting(path: string, limit = MAX_TEXT): Promise<Result<Buffer>> {
  const bytes = await readText(path, limit)
  if (!bytes.ok) return bytes
  return bytes.value === undefined
    ? err({ reason: 'io', action: 'read', path, code: 'ENOENT' })
    : ok(bytes.value)
}

/** What is at a path: the target of a link, the text of a file, or nothing. Failure: io, unsafe-file. */
export async function whatIsAt(path: string): Promise<Result<{ link?: string; text?: Buffer }>> {
  try {
    const about = await lstat(path)
    if (about.isSymbolicLink()) return ok({ link: await readlink(path) })
    const text = await readText(path)
    if (!text.ok) return text
    return ok(text.value === undefined ? {} : { text: text.value })
  } catch (error) {
    const code = errnoOf(error)
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? ok({})
      : err({ reason: 'io', action: 'look at', path, code })
  }
}

/** Replaces or creates a file at once: the old or the new content is there at every moment. Failure: io. */
export async function writeText(path: string, content: Buffer, mode = 0o644): Promise<Result<void>> {
  try {
    await mkdir(dirname(path), { recursive: true })
  } catch (error) {
    return err({ reason: 'io', action: 'make the folder of', path, code: errnoOf(error) })
  }
  const check = async (readBack: Buffer): Promise<Result<void>> =>
    readBack.equals(content) ? ok() : err({ reason: 'not-written', path, step: 'compare', code: 'EIO' })
  const written = await writePrivateFile(path, content, { check })
  if (!written.ok) return written
  const file = await open(path, 'r')
  try {
    await file.chmod(mode)
  } finally {
    await file.close()
  }
  return ok()
}

/** Makes a symbolic link, or replaces one. Failure: io. */
export async function writeLink(path: string, target: string): Promise<Result<void>> {
  const fresh = `${path}.${process.pid}.new`
  try {
    await mkdir(dirname(path), { recursive: true })
    await symlink(target, fresh)
    await disk.rename(fresh, path)
    return ok()
  } catch (error) {
    return err({ reason: 'io', action: 'link', path, code: errnoOf(error) })
  }
}

/** Folders below `folder` (one level) that hold a file `name`. */
export async function foldersWith(folder: string, name: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const found: string[] = []
  for (const entry of entries) {
    if (!entry.isDirectory()) continue
    const about = await stat(join(folder, entry.name, name)).catch(() => undefined)
    if (about?.isFile()) found.push(join(folder, entry.name))
  }
  return found.sort()
}

/** A path with every link resolved, as far as it exists. */
export async function resolved(path: string): Promise<string> {
  const whole = resolve(path)
  const real = await realpath(whole).catch(() => undefined)
  if (real !== undefined || dirname(whole) === whole) return real ?? whole
  return join(await resolved(dirname(whole)), whole.slice(dirname(whole).length))
}

/** The mode bits of a file, or undefined where there is none. */
export async function modeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    (about) => about.mode & 0o777,
    () => undefined,
  )
}

/**
 * Whether a process holds a POSIX lock on a file, as Terraform does on its state while it works (fcntl F_SETLK); what
 * a killed one left beside it says nothing. By the inode of /proc/locks (proc(5)); unreadable counts as locked.
 */
export async function isLocked(path: string): Promise<boolean> {
  const about = await stat(path).catch(() => undefined)
  if (about === undefined) return false
  const locks = await readFile('/proc/locks', 'latin1').catch(() => undefined)
  if (locks === undefined) return true
  const held = new RegExp(`^\\d+: +(?:OFDLCK|POSIX) .* [0-9a-f]+:[0-9a-f]+:${about.ino} `, 'm')
  return held.test(locks)
}
