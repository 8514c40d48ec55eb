import { fstatSync, read } from 'node:fs'
import { isatty } from 'node:tty'
import { promisify } from 'node:util'
import { err, ok, type Result } from '../../core/result.ts'
import { errnoOf } from '../files/errno.ts'

const readFd = promisify(read)
const STDIN = 0
const CHUNK = 65_536

/** Whether a person would have to type on standard input. */
export function stdinIsTerminal(): boolean {
  return isatty(STDIN)
}

/**
 * Everything on standard input, byte for byte, at most `limit` bytes; `what` names it in a failure. The caller wipes
 * it. Reads the descriptor itself: a stream would leave copies of a secret in buffers that nobody can wipe.
 */
export async function readStdin(what: string, limit: number): Promise<Result<Buffer>> {
  let bytes: Buffer = Buffer.alloc(CHUNK)
  let length = 0
  try {
    for (;;) {
      if (length === bytes.length) bytes = grown(bytes, Math.min(bytes.length * 2, limit + 1))
      const count = await readSome(bytes, length)
      if (count === 0) return ok(bytes.subarray(0, length))
      length += count
      if (length > limit) {
        bytes.fill(0)
        return err({ reason: 'too-large', what, size: length, limit })
      }
    }
  } catch (error) {
    bytes.fill(0)
    return err({ reason: 'io', action: 'read', path: 'standard input', code: errnoOf(error) })
  }
}

function grown(bytes: Buffer, size: number): Buffer {
  const larger = Buffer.alloc(size)
  bytes.copy(larger)
  bytes.fill(0)
  return larger
}

/** A descriptor that somebody left in non-blocking mode is waited for. */
async function readSome(bytes: Buffer, offset: number): Promise<number> {
  for (;;) {
    try {
      return (await readFd(STDIN, bytes, offset, bytes.length - offset, null)).bytesRead
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') throw error
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

export type StdoutKind = 'terminal' | 'file' | 'pipe'

/** Where standard output goes: a clear-text secret belongs on none but a pipe. */
export function stdoutKind(): StdoutKind {
  if (isatty(1)) return 'terminal'
  return fstatSync(1).isFile() ? 'file' : 'pipe'
}
