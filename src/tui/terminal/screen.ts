import { writeSync } from 'node:fs'
import { TerminalGuard } from './guard.ts'
import { ALTERNATE_OFF, ALTERNATE_ON, CLEAR, CURSOR_ON, MOUSE_OFF, MOUSE_ON } from './sequences.ts'

const SIGNALS = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const

/**
 * The terminal of a full-screen program, and the promise that it is put back: after the end, after SIGTERM and a
 * closed window, after a defect, and by the guard after SIGKILL. Ink switches the alternate screen and the cursor.
 */
export class Screen {
  readonly #guard: TerminalGuard
  readonly #terminal: number
  #claimed = false
  /** While it is released: a question or a value stands on an alternate screen of its own. */
  #page = false
  /** Who reads keys on that page. */
  #keyboard: { setRawMode(on: boolean): unknown } | undefined
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

  /**
   * `leave` puts everything back that the program has switched on, the alternate screen last; it is called before the
   * process ends.
   */
  onEnd(leave: () => void): void {
    this.#leave = leave
    for (const signal of SIGNALS) process.on(signal, this.#die)
    // Before the handler that says what went wrong: on the alternate screen nobody would read it.
    process.prependListener('uncaughtException', this.#restore)
    process.prependListener('unhandledRejection', this.#restore)
    process.on('exit', this.#restore)
  }

  /**
   * The program is about to be on the screen, now or again. The guard knows before anything is switched on. The
   * alternate screen is entered here already: its cursor is where the other screen's was, and Ink draws from there.
   */
  claim(): void {
    this.#claimed = true
    this.#guard.tell('in')
    this.write(`${ALTERNATE_ON}${CLEAR}${MOUSE_ON}`)
  }

  /** Somebody else has the screen, which the program has left: a prompt, or the shell while we are stopped. */
  release(): void {
    if (!this.#claimed) return
    this.#claimed = false
    this.write(MOUSE_OFF)
    this.#guard.tell('out')
  }

  /** While the screen is released: an empty page that leaves no trace, for `work`. */
  async page<T>(work: () => Promise<T>): Promise<T> {
    this.#page = true
    this.#guard.tell('in')
    this.write(`${ALTERNATE_ON}${CLEAR}`)
    try {
      return await work()
    } finally {
      if (this.#page) this.write(`${CLEAR}${ALTERNATE_OFF}${CURSOR_ON}`)
      this.#guard.tell('out')
      this.#page = false
    }
  }

  /** Lets `keyboard` have the keys of the page while `work` lasts. */
  async keys<T>(keyboard: { setRawMode(on: boolean): unknown }, work: Promise<T>): Promise<T> {
    this.#keyboard = keyboard
    keyboard.setRawMode(true)
    return work.finally(() => {
      keyboard.setRawMode(false)
      this.#keyboard = undefined
    })
  }

  close(): void {
    if (this.#claimed) this.write(`${ALTERNATE_OFF}${CURSOR_ON}`) // where Ink had not come to it, or did not come so far
    this.release()
    for (const signal of SIGNALS) process.off(signal, this.#die)
    process.off('uncaughtException', this.#restore)
    process.off('unhandledRejection', this.#restore)
    process.off('exit', this.#restore)
    this.#guard.tell('out') // whoever had the screen last
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
    // The end of Ink leaves the alternate screen, whoever has it: so it must be on, and show nothing.
    if (!this.#claimed) this.write(this.#page ? CLEAR : ALTERNATE_ON)
    leave()
    this.#page = false
    this.#keyboard?.setRawMode(false)
    this.close()
  }

  /** After everybody else who has to put something back: a prompt does so at the same signal. */
  readonly #die = (signal: NodeJS.Signals): void => {
    this.#restore()
    process.nextTick(() => {
      process.removeAllListeners(signal)
      process.kill(process.pid, signal)
    })
  }
}
