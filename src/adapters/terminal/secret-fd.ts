import { constants, fstatSync, read, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isatty } from 'node:tty'
import { promisify } from 'node:util'
import { err, ok, type Result } from '../../core/result.ts'

const readFd = promisify(read)
const RETRY_MS = 10
/** O_ACCMODE, which node:fs does not export. */
const ACCESS_MODE = 0o3

/**
 * Reads a secret line that a script hands over on a descriptor, to its end: at most `limit` bytes, exactly one
 * trailing newline removed. The caller zeroes it.
 * `what` and `flag` are the caller's words for it.
 * Failures: usage (not open, or a terminal, where it would show), bad-passphrase (empty, too long, not readable).
 */
export async function readSecretFd(
  fd: number,
  limit: number,
  { what = 'passphrase', flag = '--passphrase-fd' } = {},
): Promise<Result<Buffer>> {
  const problem = unusable(fd, what)
  const bad = (why: string) => err({ reason: 'bad-passphrase', why, what } as const)
  if (problem)
    return err({
      reason: 'usage',
      message: `descriptor ${fd} ${problem}`,
      next: `… ${flag} ${fd} ${fd}< FILE`,
    })
  const bytes = Buffer.alloc(limit + 2)
  try {
    const length = await readAll(fd, bytes)
    const end = length > 0 && bytes[length - 1] === 0x0a ? length - 1 : length
    if (end > limit) return bad(`it is longer than ${limit} bytes`)
    if (end === 0) return bad(`descriptor ${fd} delivered nothing`)
    return ok(Buffer.from(bytes.subarray(0, end)))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error'
    return bad(`reading descriptor ${fd} failed (${code})`)
  } finally {
    bytes.fill(0)
  }
}

/** Fills `bytes` until the end or until it is full; a descriptor in non-blocking mode is waited for. */
async function readAll(fd: number, bytes: Buffer): Promise<number> {
  let length = 0
  while (length < bytes.length) {
    try {
      const { bytesRead } = await readFd(fd, bytes, length, bytes.length - length, null)
      if (bytesRead === 0) break
      length += bytesRead
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error) || error.code !== 'EAGAIN') throw error
      await sleep(RETRY_MS)
    }
  }
  return length
}

/**
 * Why a descriptor can't deliver a secret. Node opens descriptors of its own at start (epoll, pipes to itself):
 * a number that the caller left closed must not silently mean one of those.
 */
function unusable(fd: number, what: string): string | undefined {
  let stat: ReturnType<typeof fstatSync>
  try {
    stat = fstatSync(fd)
  } catch {
    return 'is not open'
  }
  if (isatty(fd)) return `is a terminal, where the ${what} would show`
  if (stat.isDirectory()) return 'is a directory'
  const passable = stat.isFile() || stat.isFIFO() || stat.isSocket() || stat.isCharacterDevice()
  if (!passable || (fd > 2 && isOwnPipe(fd))) return 'is not open'
  return undefined
}

/** A pipe whose writing end is in this process too is one that Node made for itself. */
function isOwnPipe(fd: number): boolean {
  const own = pipeAt(String(fd))
  return own !== undefined && readdirSync('/proc/self/fd').some((n) => pipeAt(n) === own && canWrite(n))
}

function pipeAt(fd: string): string | undefined {
  try {
    const target = readlinkSync(`/proc/self/fd/${fd}`)
    return target.startsWith('pipe:') ? target : undefined
  } catch {
    return undefined // the descriptor of the listing itself
  }
}

function canWrite(fd: string): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '0'
    return (Number.parseInt(flags, 8) & ACCESS_MODE) !== constants.O_RDONLY
  } catch {
    return false
  }
}
