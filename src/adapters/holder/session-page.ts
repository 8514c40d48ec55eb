import { fstatSync, writeSync } from 'node:fs'

/** What lies where in it: `native/session/page.h`; test/vectors/layout.tsv holds both to one table. */
export const PAGE = { restoreBytes: 2046, shell: 2052, size: 4096 } as const

/**
 * The page that a session shares with its native parent and its restorer: what is in here at the end of this process,
 * however it ends, they do.
 */
export class SessionPage {
  readonly fd: number

  private constructor(fd: number) {
    this.fd = fd
  }

  /** The inherited descriptor, or nothing when it is none of a page. */
  static open(fd: number): SessionPage | undefined {
    try {
      return fstatSync(fd).size === PAGE.size ? new SessionPage(fd) : undefined
    } catch {
      return undefined
    }
  }

  /** The bytes that put the terminal back; empty: nothing has to be. */
  restoreWith(text: string): void {
    const bytes = Buffer.from(text)
    // What is too long is cut at its end, where the cursor's shape and the like stand, not the screen.
    const size = Math.min(bytes.length, PAGE.restoreBytes)
    const page = Buffer.alloc(2 + size)
    page.writeUInt16LE(size)
    bytes.copy(page, 2, 0, size)
    writeSync(this.fd, page, 0, page.length, 0)
  }

  /** The process of the session's shell. */
  shellIs(pid: number): void {
    const number = Buffer.alloc(4)
    number.writeUInt32LE(pid)
    writeSync(this.fd, number, 0, 4, PAGE.shell)
  }
}
