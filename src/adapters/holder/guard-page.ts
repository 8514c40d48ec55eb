import { fstatSync, writeSync } from 'node:fs'

/** Longest text that fits beside the rest (`native/session/guard.h`). */
const MAX_BYTES = 2046
const FLAGS_AT = 2048
const SHELL_AT = 2052
const SIZE = 4096
const LOCK_ON_EXIT = 1
const RULES_KNOWN = 4

/**
 * The page that a session shares with its native parent and its watcher: what is in here at the end of this process,
 * however it ends, they do.
 */
export class GuardPage {
  readonly fd: number

  private constructor(fd: number) {
    this.fd = fd
  }

  /** The inherited descriptor, or nothing when it is none of a guard. */
  static open(fd: number): GuardPage | undefined {
    try {
      return fstatSync(fd).size === SIZE ? new GuardPage(fd) : undefined
    } catch {
      return undefined
    }
  }

  /** The bytes that put the terminal back; empty: nothing has to be. */
  restoreWith(text: string): void {
    const bytes = Buffer.from(text)
    // What is too long is cut at its end, where the cursor's shape and the like stand, not the screen.
    const size = Math.min(bytes.length, MAX_BYTES)
    const page = Buffer.alloc(2 + size)
    page.writeUInt16LE(size)
    bytes.copy(page, 2, 0, size)
    writeSync(this.fd, page, 0, page.length, 0)
  }

  /** The process of the session's shell. */
  shellIs(pid: number): void {
    const number = Buffer.alloc(4)
    number.writeUInt32LE(pid)
    writeSync(this.fd, number, 0, 4, SHELL_AT)
  }

  /** What the project says of the exit of its last session (`session.lockOnExit`). */
  rules(lockOnExit: boolean): void {
    writeSync(this.fd, Buffer.of(RULES_KNOWN | (lockOnExit ? LOCK_ON_EXIT : 0)), 0, 1, FLAGS_AT)
  }
}
