import { chownSync, readlinkSync } from 'node:fs'
import xterm from '@xterm/headless'
import { type IPty, spawn } from 'node-pty'
import { tazpodBinary } from './installed.ts'
import type { Scratch } from './scratch.ts'
import { asUser, ownUid } from './users.ts'

export interface TerminalOptions {
  cols?: number
  rows?: number
  cwd?: string
  env?: Record<string, string>
  uid?: number
}

/** Text of one style in a row. */
export interface Piece {
  column: number
  text: string
  /** Classes: `c` and the palette's number, `bold`, `inverse`. */
  style: string[]
}

/** What a key sends. */
export const KEY = {
  enter: '\r',
  ctrlC: '\x03',
  ctrlD: '\x04',
  ctrlZ: '\x1a',
  ctrlBackslash: '\x1c',
  escape: '\x1b',
}

/**
 * A person at a real terminal: the program runs on a pseudo terminal of its own, its bytes are drawn by a terminal
 * emulator, and a test reads the screen. Nothing sleeps: `waitForText` looks again after each byte that arrives.
 */
export class Terminal implements AsyncDisposable {
  readonly #pty: IPty
  readonly #screen: xterm.Terminal
  readonly #waiting = new Set<() => void>()
  readonly #ended: Promise<{ exitCode: number; signal: number | undefined }>
  #isOver = false
  #raw = ''

  constructor(scratch: Scratch, argv: readonly string[], options: TerminalOptions = {}) {
    const size = { cols: options.cols ?? 100, rows: options.rows ?? 30 }
    const env: Record<string, string> = { ...scratch.env, ...options.env }
    delete env.CI // Ink and others draw nothing when these exist, even empty
    delete env.CONTINUOUS_INTEGRATION
    const uid = options.uid ?? scratch.uid
    const [command = '', ...args] = asUser(uid, argv)
    this.#screen = new xterm.Terminal({ ...size, allowProposedApi: true, scrollback: 5_000 })
    this.#pty = spawn(command, args, {
      ...size,
      name: 'xterm-256color',
      cwd: options.cwd ?? scratch.project,
      env,
    })
    if (uid !== ownUid()) giveTerminal(this.#pty.pid, uid)
    this.#screen.onData((answer) => this.#pty.write(answer)) // a terminal answers what programs ask it
    this.#pty.onData((data) => {
      this.#raw += data
      this.#screen.write(data, () => this.#look())
    })
    this.#ended = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode, signal }) => {
        // An empty write comes back once everything before it is drawn.
        this.#screen.write('', () => {
          this.#isOver = true
          this.#look()
          resolve({ exitCode, signal })
        })
      })
    })
  }

  get pid(): number {
    return this.#pty.pid
  }

  /** All bytes that the program sent, escape sequences included. */
  get raw(): string {
    return this.#raw
  }

  /** What programs have switched on and not off again. A shell at its prompt has none of it. */
  get modes(): { alternateScreen: boolean; mouse: string; cursorHidden: boolean; bracketedPaste: boolean } {
    const { buffer, modes } = this.#screen
    return {
      alternateScreen: buffer.active.type === 'alternate',
      mouse: modes.mouseTrackingMode,
      cursorHidden: this.#raw.lastIndexOf('\x1b[?25l') > this.#raw.lastIndexOf('\x1b[?25h'),
      bracketedPaste: modes.bracketedPasteMode,
    }
  }

  /** Types as a person would: the bytes go to the line discipline, which echoes or not. */
  type(text: string): void {
    this.#pty.write(text)
  }

  /** Types a line and the Enter key. */
  line(text: string): void {
    this.type(`${text}${KEY.enter}`)
  }

  /** Closes the window: the terminal goes, and the kernel hangs up on whoever has it. */
  hangUp(): void {
    ;(this.#pty as unknown as { destroy(): void }).destroy()
  }

  resize(cols: number, rows: number): void {
    this.#pty.resize(cols, rows)
    this.#screen.resize(cols, rows)
  }

  /** The rows that are visible now, without trailing blanks. */
  screen(): string {
    return this.#rows(this.#screen.buffer.active.baseY)
  }

  /** The visible rows as pieces of one style each, for a picture. */
  pieces(): Piece[][] {
    const { active } = this.#screen.buffer
    return Array.from({ length: this.#screen.rows }, (_, y) => {
      const line = active.getLine(active.baseY + y)
      const pieces: Piece[] = []
      for (let x = 0; x < this.#screen.cols; x++) {
        const cell = line?.getCell(x)
        if (!cell || cell.getWidth() === 0) continue
        const style = [
          cell.isFgPalette() ? `c${cell.getFgColor()}` : '',
          cell.isBold() ? 'bold' : '',
          cell.isInverse() ? 'inverse' : '',
        ].filter(Boolean)
        const last = pieces.at(-1)
        const text = cell.getChars() || ' '
        if (last && last.style.join() === style.join()) last.text += text
        else pieces.push({ column: x, text, style })
      }
      return pieces
    })
  }

  /** The visible rows, one by one, with the blank rows at the end. */
  screenRows(): string[] {
    const { baseY } = this.#screen.buffer.active
    return Array.from({ length: this.#screen.rows }, (_, y) => this.#row(baseY + y).trimEnd())
  }

  /** Rows that have scrolled away. */
  scrollback(): string[] {
    return Array.from({ length: this.#screen.buffer.normal.baseY }, (_, y) =>
      (this.#screen.buffer.normal.getLine(y)?.translateToString(true) ?? '').trimEnd(),
    )
  }

  /** Where the cursor is, and which modes programs have switched on. */
  state(): { cursor: { x: number; y: number }; alternate: boolean; modes: xterm.IModes } {
    const { cursorX: x, cursorY: y, type } = this.#screen.buffer.active
    return { cursor: { x, y }, alternate: type === 'alternate', modes: { ...this.#screen.modes } }
  }

  /** Everything drawn so far: what scrolled away, then the screen. */
  text(): string {
    return this.#rows(0)
  }

  /** Resolves when the text (scrollback included) contains or matches it. Fails with the screen after `timeout` ms. */
  waitForText(wanted: string | RegExp, timeout = 15_000): Promise<void> {
    const found = (): boolean =>
      typeof wanted === 'string' ? this.text().includes(wanted) : wanted.test(this.text())
    return this.#wait(found, `the text ${wanted}`, timeout)
  }

  /** Resolves when the visible screen fulfils `test`. */
  waitForScreen(test: (screen: string) => boolean, timeout = 15_000): Promise<void> {
    return this.#wait(() => test(this.screen()), `the screen that ${test} accepts`, timeout)
  }

  /** The end of the program: its exit code, or 0 and the signal's number. Fails with the screen after `timeout` ms. */
  async exit(timeout = 30_000): Promise<{ exitCode: number; signal: number | undefined }> {
    await this.#wait(() => this.#isOver, 'the end of the program', timeout)
    return this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isOver) this.#pty.kill('SIGKILL')
    await this.#ended
    this.#screen.dispose()
  }

  #wait(done: () => boolean, what: string, timeout: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (done()) finish(resolve)
        else if (this.#isOver)
          finish(() => reject(new Error(`the program ended before ${what}:\n${this.text()}`)))
      }
      const timer = setTimeout(() => {
        finish(() => reject(new Error(`${timeout} ms without ${what}:\n${this.text()}`)))
      }, timeout)
      const finish = (settle: () => void): void => {
        clearTimeout(timer)
        this.#waiting.delete(check)
        settle()
      }
      this.#waiting.add(check)
      check()
    })
  }

  #look(): void {
    for (const check of [...this.#waiting]) check()
  }

  #rows(from: number): string {
    const buffer = this.#screen.buffer.active
    const rows: string[] = []
    for (let y = from; y < buffer.baseY + this.#screen.rows; y++) {
      rows.push(this.#row(y))
    }
    return rows.join('\n').trimEnd()
  }

  #row(y: number): string {
    return this.#screen.buffer.active.getLine(y)?.translateToString(true) ?? ''
  }
}

/** `tazpod ARGS` at a terminal. */
export function tazpodAtTerminal(
  scratch: Scratch,
  args: readonly string[],
  options?: TerminalOptions,
): Terminal {
  return new Terminal(scratch, [tazpodBinary(), ...args], options)
}

/** A login gives the terminal's device to the person who logs in; programs that reopen it by name need that. */
function giveTerminal(pid: number, uid: number): void {
  try {
    chownSync(readlinkSync(`/proc/${pid}/fd/0`), uid, uid)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' && code !== 'EACCES') throw error // it has already ended
  }
}
