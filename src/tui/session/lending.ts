import { type Lent, startLent } from '../../adapters/holder/client.ts'

/** What has the terminal otherwise. */
interface Lender {
  /** Gives it up: from now on others write on it and read its keys. */
  suspend(): void
  /** Has it again. */
  resume(): void
}

/** Lends the session's terminal: the shell waits meanwhile, and its screen is afterwards as it was. */
export class Lending {
  readonly #page: number
  readonly #lender: Lender
  #isLent = false
  #isOver = false
  #command: Lent | undefined
  #key: (() => void) | undefined

  /** `page` is the descriptor of the session's page. */
  constructor(page: number, lender: Lender) {
    this.#page = page
    this.#lender = lender
  }

  get isLent(): boolean {
    return this.#isLent
  }

  /** Shows a page until a key is pressed. */
  show(page: string): Promise<void> {
    return this.#lend(() => this.#untilKey(page))
  }

  /** Runs a command of tazpod; true: it succeeded. What it says when it fails stands there until a key is pressed. */
  async run(args: readonly string[]): Promise<boolean> {
    let code: number | undefined
    await this.#lend(async () => {
      this.#command = startLent(this.#page, args)
      code = await this.#command.ended
      this.#command = undefined
      if (code !== 0 && !this.#isOver) await this.#untilKey('\n[any key goes back to the shell] ')
    })
    return code === 0
  }

  /** A key was pressed; false: nobody waits for it here. */
  press(): boolean {
    const key = this.#key
    this.#key = undefined
    key?.()
    return key !== undefined
  }

  /** The session ends, and whatever has the terminal ends first: it may have something to put back. */
  async end(): Promise<void> {
    this.#isOver = true
    this.#command?.end()
    await this.#command?.ended
  }

  async #lend(work: () => Promise<void>): Promise<void> {
    if (this.#isLent || this.#isOver) return
    this.#isLent = true
    this.#lender.suspend()
    process.stdin.pause()
    await work()
    if (this.#isOver) return
    process.stdin.resume()
    // Only the job in the foreground hears of a new size (ioctl_tty(2), TIOCSWINSZ); this makes Node ask for it.
    process.emit('SIGWINCH', 'SIGWINCH')
    this.#isLent = false
    this.#lender.resume()
  }

  async #untilKey(text: string): Promise<void> {
    process.stdout.write(text.replaceAll('\n', '\r\n'))
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#key = resolve
    process.stdin.resume()
    await promise
    process.stdin.pause()
  }
}
