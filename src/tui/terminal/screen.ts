import { writeSync } from 'node:fs'
import { TerminalGuard } from './guard.ts'
import { MOUSE_OFF, MOUSE_ON } from './sequences.ts'

const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const

/**
 * The terminal of a full-screen program, and the promise that it is put back: after the end, after SIGTERM and a
 * closed window, after a defect, and by the guard after SIGKILL. Ink switches the alternate screen and the cursor.
 */
export class Screen {
  readonly #guard: TerminalGuard
  readonly #terminal: number
  #claimed = false
  #leave: () => void = () => {}

  private constructor(guard: TerminalGuard, terminal: number) {
    this.#guard = guard
    this.#terminal = terminal
  }

  static async open(terminal = 1): Promise<Screen> {
    return new Screen(await TerminalGuard.start(terminal), terminal)
  }

  get guard(): TerminalGuard {
    return this.#guard
  }

  /** `leave` puts everything back that the program has switched on; it is called before the process ends. */
  onEnd(leave: () => void): void {
    this.#leave = leave
    for (const signal of SIGNALS) process.on(signal, this.#die)
    // Before the handler that says what went wrong: on the alternate screen nobody would read it.
    process.prependListener('uncaughtException', this.#restore)
    process.prependListener('unhandledRejection', this.#restore)
    process.on('exit', this.#restore)
  }

  /** The program is on the screen, now or again. */
  claim(): void {
    this.#claimed = true
    this.write(MOUSE_ON)
    this.#guard.tell('in')
  }

  /** Somebody else has the screen: a prompt, or the shell while we are stopped. */
  release(): void {
    if (!this.#claimed) return
    this.#claimed = false
    this.write(MOUSE_OFF)
    this.#guard.tell('out')
  }

  close(): void {
    this.release()
    for (const signal of SIGNALS) process.off(signal, this.#die)
    process.off('uncaughtException', this.#restore)
    process.off('unhandledRejection', this.#restore)
    process.off('exit', this.#restore)
    this.#guard.end()
  }

  /** At once and past every buffer. A terminal that went away is no failure. */
  write(text: string | Buffer): void {
    try {
      writeSync(this.#terminal, typeof text === 'string' ? Buffer.from(text) : text)
    } catch {
      // Nothing is left to be put back on it.
    }
  }

  readonly #restore = (): void => {
    const leave = this.#leave
    this.#leave = () => {}
    leave()
    this.close()
  }

  readonly #die = (signal: NodeJS.Signals): void => {
    this.#restore()
    process.kill(process.pid, signal)
  }
}
