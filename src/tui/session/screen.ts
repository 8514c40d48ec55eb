import { Compositor } from './compositor.ts'
import { type Csi, parseCsi } from './csi.ts'
import { Modes, SCREEN_MODES } from './modes.ts'
import { VtScanner } from './scanner.ts'
import { filterCsi, filterEscape, type Passed } from './scroll-filter.ts'
import type { Size } from './size.ts'

interface Surroundings {
  /** Bytes for the terminal. */
  write: (bytes: Buffer) => void
  /** Bytes for the program, as if they had been typed: answers to its questions. */
  reply: (bytes: string) => void
  /** One line without a line end and without cursor movement, at most `cols` wide. */
  footer: (cols: number) => string
  /** What would put the terminal back; called when that changes. */
  remember: (restore: string) => void
  now: () => number
}

/** Below this the footer would take more than it gives. */
const LEAST_ROWS = 4
const LEAST_COLS = 20
/** A terminal keeps one cursor position (DECSC), which programs use too: the footer stays off it for so long after. */
const SAVED_CURSOR_MS = 1000
/** A footer that could not be drawn is tried again after this. */
const RETRY_MS = 100

const hasFooter = ({ cols, rows }: Size): boolean => rows >= LEAST_ROWS && cols >= LEAST_COLS

/**
 * The terminal while a session has it. In scroll mode the program's bytes go straight through and the terminal's
 * scroll region keeps the footer's row free: nothing is emulated, the scrollback is the terminal's own. In the
 * alternate screen, where programs address every row, a model is drawn (`Compositor`) and the footer can't be touched.
 */
export class Screen {
  readonly modes = new Modes()
  readonly #around: Surroundings
  readonly #scanner: VtScanner
  #size: Size
  #alternate: Compositor | undefined
  #out: Buffer[] = []
  #run: { bytes: Buffer; start: number; end: number } | undefined
  #due = false
  #savedCursorAt = Number.NEGATIVE_INFINITY
  readonly #holding = new Set<string>()
  #region: { top: number; bottom: number } | undefined
  #retry: NodeJS.Timeout | undefined
  #remembered = ''
  #suspended = false

  constructor(size: Size, around: Surroundings) {
    this.#size = size
    this.#around = around
    this.#scanner = new VtScanner({
      text: (bytes, start, end) => this.#text(bytes, start, end),
      sequence: (bytes, start, end) => this.#sequence(bytes, start, end),
      string: (bytes, start, end, kind, last) => {
        if (this.#alternate) this.#alternate.string(Buffer.from(bytes.subarray(start, end)), kind, last)
        else this.#pass(bytes, start, end)
      },
    })
  }

  /** What the program has of it. */
  get inner(): Size {
    return hasFooter(this.#size) ? { ...this.#size, rows: this.#size.rows - 1 } : this.#size
  }

  get isAlternate(): boolean {
    return this.#alternate !== undefined
  }

  /** Makes room for the footer below what is on the screen. */
  begin(): void {
    this.#put(`${this.#makeRoom()}${this.#pin()}`)
    this.#flush()
  }

  /** Bytes of the program. */
  feed(chunk: Buffer): void {
    this.#scanner.scan(chunk)
    if (this.#due) this.#drawFooter()
    this.#flush()
  }

  /** The footer has something else to say. */
  refresh(): void {
    if (this.#alternate) {
      this.#alternate.footerChanged()
      return
    }
    this.#due = true
    if (this.#suspended) return
    this.#drawFooter()
    this.#flush()
  }

  ring(): void {
    if (this.#scanner.isBetween) this.#around.write(Buffer.from('\x07'))
  }

  resize(size: Size): void {
    this.#size = size
    this.#region = undefined
    if (this.#alternate) this.#alternate.resize(this.inner)
    else if (!this.#suspended) {
      // Where the old footer is now depends on the terminal; what is below the cursor is it, or is drawn anew by the
      // program, which hears of the new size next.
      this.#put(`\x1b[J${this.#makeRoom()}${this.#pin()}`)
    }
    this.#flush()
  }

  /** Gives the terminal to another program for a while, on the alternate screen. */
  suspend(): void {
    this.#suspended = true
    this.#alternate?.pause()
    this.#put(`${this.modes.undo()}\x1b[0m${this.#alternate ? '' : '\x1b[?1049h'}\x1b[r\x1b[2J\x1b[H`)
    this.#flush()
  }

  resume(size: Size): void {
    this.#suspended = false
    this.#size = size
    if (this.#alternate) {
      this.#put(`\x1b[?1049h\x1b[r${this.modes.redo()}`)
      this.#flush()
      this.#alternate.resize(this.inner) // which draws everything anew
    } else {
      this.#put(`\x1b[0m\x1b[?1049l${this.modes.redo()}${this.#pin()}`)
    }
    this.#flush()
  }

  /** Leaves the terminal as the session found it, apart from what the program wrote. */
  end(): void {
    clearTimeout(this.#retry)
    this.#alternate?.dispose()
    this.#put(this.#restoring())
    this.#flush()
    this.#around.remember('')
    this.#remembered = ''
  }

  #text(bytes: Buffer, start: number, end: number): void {
    if (this.#alternate) this.#alternate.text(Buffer.from(bytes.subarray(start, end)))
    else this.#pass(bytes, start, end)
  }

  #sequence(bytes: Buffer, start: number, end: number): void {
    const sequence = bytes.toString('latin1', start, end)
    if (this.#alternate) this.#inAlternate(sequence)
    else this.#inScroll(sequence, bytes, start, end)
  }

  #inScroll(sequence: string, bytes: Buffer, start: number, end: number): void {
    const csi = parseCsi(sequence)
    if (csi) this.modes.observe(csi)
    else this.#observeEscape(sequence)
    const passed = csi ? filterCsi(csi, this.inner.rows, this.inner.cols) : filterEscape(sequence)
    if (csi && passed.enter) this.#enter(csi)
    else if (hasFooter(this.#size)) this.#obey(passed, bytes, start, end)
    else this.#pass(bytes, start, end)
  }

  #obey(passed: Passed, bytes: Buffer, start: number, end: number): void {
    this.#note(passed)
    if (passed.eraseFirst && this.#mayDraw()) this.#put(this.#eraseFooter())
    if (passed.write === undefined) this.#pass(bytes, start, end)
    else this.#put(passed.write)
    if (passed.repin === 'region') this.#put(`\x1b7\x1b[1;${this.inner.rows}r\x1b8`)
    if (passed.repin === undefined) return
    this.#due = true
    this.#drawFooter() // at once: further on the cursor may wait behind a full row, which not every terminal restores
  }

  #note(passed: Passed): void {
    if (passed.savesCursor) this.#savedCursorAt = this.#around.now()
    if (passed.reply !== undefined) this.#around.reply(passed.reply)
    if (passed.region) this.#region = passed.region
    if (passed.repin === 'region') {
      this.#region = undefined
      this.#holding.clear()
    }
    if (passed.holds?.on) this.#holding.add(passed.holds.mode)
    else if (passed.holds) this.#holding.delete(passed.holds.mode)
  }

  #observeEscape(sequence: string): void {
    if (sequence === '\x1b=' || sequence === '\x1b>') this.modes.observeKeypad(sequence === '\x1b=')
    if (sequence === '\x1bc') this.modes.reset()
  }

  /** To the alternate screen: `ESC[?1049h`, perhaps together with other modes. */
  #enter({ parameters }: Csi): void {
    const others = parameters.split(';').filter((m) => !SCREEN_MODES.has(Number(m)))
    const rest = others.length > 0 ? `\x1b[?${others.join(';')}h` : ''
    this.#put(`\x1b[?1049h\x1b[r\x1b[2J${rest}`)
    this.#flush()
    this.#alternate = new Compositor(this.inner, this.modes, {
      write: (text) => this.#around.write(Buffer.from(text)),
      reply: this.#around.reply,
      footer: () => (hasFooter(this.#size) ? this.#around.footer(this.#size.cols) : undefined),
      now: this.#around.now,
    })
  }

  #inAlternate(sequence: string): void {
    const then = this.#alternate?.sequence(sequence)
    if (then === 'leave' || then === 'reset') this.#leave()
    if (then !== 'reset') return
    this.modes.reset()
    this.#put('\x1bc')
    this.#put(this.#pin())
  }

  #leave(): void {
    this.#alternate?.dispose()
    this.#alternate = undefined
    this.#holding.clear()
    this.#region = undefined
    this.#put(`\x1b[0m\x1b[?1049l${this.#pin()}`)
  }

  /**
   * Moves the text up by one row where the cursor is in the last one. IND scrolls there and moves down elsewhere; the
   * cursor then goes up again, so that it stays in its line either way.
   */
  #makeRoom(): string {
    return hasFooter(this.#size) ? '\x1b7\x1b[r\x1b8\x1bD\x1b[A' : '\x1b7\x1b[r\x1b8'
  }

  /** The scroll region and the footer, the cursor unmoved. */
  #pin(): string {
    this.#due = false
    if (!hasFooter(this.#size)) return ''
    const { top, bottom } = this.#region ?? { top: 1, bottom: this.inner.rows }
    return `\x1b7\x1b[${top};${bottom}r${this.#footerLine()}\x1b8`
  }

  #footerLine(): string {
    const { cols, rows } = this.#size
    return `\x1b[${rows};1H\x1b(B\x0f\x1b[0m${this.#around.footer(cols)}\x1b[0m\x1b[K`
  }

  #eraseFooter(): string {
    return `\x1b7\x1b[${this.#size.rows};1H\x1b[0m\x1b[2K\x1b8`
  }

  #mayDraw(): boolean {
    return this.#holding.size === 0 && this.#around.now() - this.#savedCursorAt >= SAVED_CURSOR_MS
  }

  #drawFooter(): void {
    if (this.#alternate) return
    if (!hasFooter(this.#size)) {
      this.#due = false
      return
    }
    if (this.#scanner.isBetween && this.#mayDraw()) {
      this.#due = false
      this.#put(`\x1b7${this.#footerLine()}\x1b8`)
      return
    }
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined
      if (this.#due && !this.#suspended) this.refresh()
    }, RETRY_MS)
  }

  #restoring(): string {
    const screen = this.#alternate || this.#suspended ? '\x1b[0m\x1b[?1049l' : ''
    const footer = hasFooter(this.#size) ? this.#eraseFooter() : ''
    return `\x1b[?2026l${screen}\x1b7\x1b[r\x1b8${footer}${this.modes.undo()}\x1b(B\x0f\x1b[0m`
  }

  /** Tells what would put the terminal back, before the bytes go out that make it necessary. */
  #remember(): void {
    const { cols, rows } = this.#size
    const key = `${this.modes.version} ${this.isAlternate} ${this.#suspended} ${cols} ${rows}`
    if (key === this.#remembered) return
    this.#remembered = key
    this.#around.remember(this.#restoring())
  }

  /** Bytes of the program that go through unchanged: one run as long as they follow each other. */
  #pass(bytes: Buffer, start: number, end: number): void {
    const run = this.#run
    if (run?.bytes === bytes && run.end === start) {
      run.end = end
      return
    }
    this.#closeRun()
    this.#run = { bytes, start, end }
  }

  #closeRun(): void {
    if (this.#run) this.#out.push(this.#run.bytes.subarray(this.#run.start, this.#run.end))
    this.#run = undefined
  }

  #put(text: string): void {
    if (text === '') return
    this.#closeRun()
    this.#out.push(Buffer.from(text))
  }

  #flush(): void {
    this.#closeRun()
    const [first, ...more] = this.#out
    this.#out = []
    this.#remember()
    if (first) this.#around.write(more.length === 0 ? first : Buffer.concat([first, ...more]))
    this.#alternate?.flushed()
  }
}
