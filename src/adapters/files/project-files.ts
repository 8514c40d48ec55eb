import { createHash } from 'node:crypto'
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { err, ok, type Result } from '../../core/result.ts'
import { shellWord } from '../../core/text/shell-word.ts'
import { errnoOf } from './errno.ts'

/** Larger than any real project file; the parser has the same bound (not imported: it would load YAML and zod). */
const MAX_CONFIG = 256 * 1024

/** Five numbers by which the holder notices that tazpod.yaml changed (PROTOCOL.md, config identity). */
interface ConfigIdentity {
  dev: bigint
  ino: bigint
  size: bigint
  mtimeNs: bigint
  ctimeNs: bigint
}

/** tazpod.yaml as it was read, once. */
export interface ConfigFile {
  path: string
  bytes: Buffer
  /** SHA-256 of the bytes, hex. */
  sha256: string
  /** Of the very descriptor whose bytes were read. */
  identity: ConfigIdentity
  /** Device and inode of the folder: the project's id. */
  folder: { dev: bigint; ino: bigint }
}

/** Name of the project file. */
export const CONFIG_NAME = 'tazpod.yaml'

/**
 * The tazpod.yaml that governs `folder`: its own, or that of the nearest folder above that has one as a plain file
 * (`native/lib/location.c` walks the same way). Undefined: no project.
 */
export function findConfig(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const path = join(at, CONFIG_NAME)
    if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path
    if (at === dirname(at)) return undefined
  }
}

/**
 * A `tazpod.yml` between `folder` and its project, or anywhere above where there is none: nothing reads it, and without
 * its rules every command would get every secret. Undefined: none.
 */
export function findMisnamed(folder: string, project: string | undefined): string | undefined {
  const end = project === undefined ? undefined : dirname(project)
  for (let at = folder; at !== end; at = dirname(at)) {
    const path = join(at, 'tazpod.yml')
    if (statSync(path, { throwIfNoEntry: false })?.isFile()) return path
    if (at === dirname(at)) return undefined
  }
  return undefined
}

/**
 * Reads tazpod.yaml. Refused, because another user could have written it: a symbolic link, a file owned by
 * another user than this one or root, a file that everybody may write.
 * Failures: unsafe-file, too-large, io.
 */
export function readConfigFile(path: string): Result<ConfigFile> {
  const read = readChecked(path)
  if (!read.ok) return read
  const { bytes, stat } = read.value
  const { dev, ino, size, mtimeNs, ctimeNs } = stat
  try {
    const folder = statSync(dirname(path), { bigint: true })
    return ok({
      path,
      bytes,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      identity: { dev, ino, size, mtimeNs, ctimeNs },
      folder: { dev: folder.dev, ino: folder.ino },
    })
  } catch (error) {
    return err({ reason: 'io', action: 'look at', path: dirname(path), code: errnoOf(error) })
  }
}

/** Reads another small text file of a project, with the same refusals. Failures: unsafe-file, too-large, io. */
export function readSmallFile(path: string): Result<Buffer> {
  const read = readChecked(path)
  return read.ok ? ok(read.value.bytes) : read
}

/** `stat` is of the very descriptor that was read, from before reading: a change meanwhile shows as another file. */
function readChecked(path: string): Result<{ bytes: Buffer; stat: BigIntStats }> {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY)
  } catch (error) {
    const code = errnoOf(error)
    return code === 'ELOOP'
      ? err({ reason: 'unsafe-file', path, why: 'it is a symbolic link' })
      : err({ reason: 'io', action: 'open', path, code })
  }
  try {
    const stat = fstatSync(fd, { bigint: true })
    const why = unsafe(stat)
    if (why) return err({ reason: 'unsafe-file', path, why: why.why, next: `${why.fix} ${shellWord(path)}` })
    if (!stat.isFile()) return err({ reason: 'unsafe-file', path, why: 'it is no plain file' })
    const bytes = readWhole(fd)
    return bytes.length > MAX_CONFIG
      ? err({ reason: 'too-large', what: path, size: Number(stat.size), limit: MAX_CONFIG })
      : ok({ bytes, stat })
  } catch (error) {
    return err({ reason: 'io', action: 'read', path, code: errnoOf(error) })
  } finally {
    closeSync(fd)
  }
}

/** Up to one byte more than is allowed, so that a longer file is noticed. */
function readWhole(fd: number): Buffer {
  const bytes = Buffer.alloc(MAX_CONFIG + 1)
  let length = 0
  for (let n = -1; n !== 0 && length < bytes.length; length += n) {
    n = readSync(fd, bytes, length, bytes.length - length, null)
  }
  return bytes.subarray(0, length)
}

function unsafe(stat: BigIntStats): { why: string; fix: string } | undefined {
  const me = process.getuid?.() ?? 0
  const owner = Number(stat.uid)
  if (owner !== me && owner !== 0)
    return { why: `it belongs to another user (uid ${owner})`, fix: `sudo chown ${me}` }
  if ((stat.mode & 0o002n) !== 0n) return { why: 'every user may write it', fix: 'chmod o-w' }
  return undefined
}
