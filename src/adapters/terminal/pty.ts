import type { IPty } from 'node-pty'

/** A program on a pseudo terminal of its own. */
export interface PtyProgram {
  readonly pid: number
  write(bytes: Buffer | string): void
  resize(cols: number, rows: number): void
  /** Stops reading: the program waits once the kernel's buffer is full. */
  pause(): void
  resume(): void
  /** Hangs up, as a closed window does. */
  hangUp(): void
}

interface PtyEvents {
  data: (bytes: Buffer) => void
  /** Once, when the program has ended and all its bytes have been handed over. */
  end: (code: number) => void
}

/** Starts `argv` on a new pseudo terminal. The environment is only what its first moment needs, unless one is given. */
export async function startOnPty(
  argv: readonly [string, ...string[]],
  size: { cols: number; rows: number },
  events: PtyEvents,
  given?: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<PtyProgram> {
  const { spawn } = await import('node-pty')
  const [file, ...args] = argv
  const env = given?.env ?? { PATH: process.env.PATH ?? '/usr/bin:/bin' }
  const name = process.env.TERM ?? 'xterm'
  // The session finds its own folder: this one may have a name that is no UTF-8, which a string can't carry.
  const child = spawn(file, args, { ...size, name, env, cwd: given?.cwd ?? '/', encoding: null }) as IPty
  // With `encoding: null` these are Buffers, whatever the types say.
  child.onData((data) => events.data(data as unknown as Buffer))
  child.onExit(({ exitCode, signal }) => events.end(signal ? 128 + signal : exitCode))
  return {
    pid: child.pid,
    write: (bytes) => child.write(bytes as string),
    resize: (cols, rows) => resizeIfThere(child, cols, rows),
    pause: () => child.pause(),
    resume: () => child.resume(),
    hangUp: () => child.kill('SIGHUP'),
  }
}

function resizeIfThere(child: IPty, cols: number, rows: number): void {
  try {
    child.resize(cols, rows)
  } catch {
    // it has just ended
  }
}
