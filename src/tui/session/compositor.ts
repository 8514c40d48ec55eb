import { rowText } from './cells.ts'
import { kindOf, parameter, parseCsi } from './csi.ts'
import { Model } from './model.ts'
import { isPassedOn, type Modes, SCREEN_MODES, SYNC_MODE } from './modes.ts'
import { DCS, OSC } from './scanner.ts'
import type { Size } from './size.ts'

interface Around {
  write: (text: string | Buffer) => void
  reply: (bytes: string) => void
  footer: () => string | undefined
  now: () => number
}

/** 120 frames a second at most: between them more bytes are taken. */
const FRAME_MS = 8
/** A program that begins a synchronized update and never ends it is drawn all the same (its specification says 150). */
const SYNC_MS = 150

const BEL = 0x07

/**
 * The alternate screen: what the program draws goes into a model, and the rows that differ are written to the
 * terminal. What is not drawing goes past the model: keys, mouse and paste modes, titles, the clipboard, questions
 * about the terminal. Only the question for the cursor's place is the model's to answer.
 */
export class Compositor {
  readonly #modes: Modes
  readonly #around: Around
  readonly #model: Model
  #pending: Buffer[] = []
  #drawn: string[] = []
  #footer: string | undefined
  #cursor = ''
  #timer: NodeJS.Timeout | undefined
  #soon: NodeJS.Immediate | undefined
  #paintedAt = Number.NEGATIVE_INFINITY
  #syncSince: number | undefined
  /** Where the parts of a long control string go, until its last one. */
  #stringTo: 'model' | 'terminal' | undefined
  #paused = false

  constructor(size: Size, modes: Modes, around: Around) {
    this.#modes = modes
    this.#around = around
    this.#model = new Model(size, around.reply)
  }

  text(bytes: Buffer): void {
    this.#pending.push(bytes)
    if (bytes.includes(BEL)) this.#around.write('\x07')
  }

  /** `leave`: back to the main screen. `reset`: the whole terminal is reset. */
  sequence(sequence: string): 'leave' | 'reset' | undefined {
    const csi = parseCsi(sequence)
    if (csi === undefined) return this.#escape(sequence)
    const kind = kindOf(csi)
    if (kind === '?h' || kind === '?l') return this.#privateModes(csi.parameters, csi.final)
    if (kind === 't' && parameter(csi, 0, 0) === 18) {
      const { cols, rows } = this.#model.size
      this.#around.reply(`\x1b[8;${rows};${cols}t`)
      return undefined
    }
    this.#modes.observe(csi)
    if (isQuestionOrMode(kind, parameter(csi, 0, 0))) this.#around.write(sequence)
    else if (kind === 'J' && csi.parameters === '1') this.#eraseAbove()
    else this.#pending.push(Buffer.from(sequence, 'latin1'))
    return undefined
  }

  string(bytes: Buffer, kind: number, last: boolean): void {
    this.#stringTo ??= target(bytes, kind)
    if (this.#stringTo === 'model') this.#pending.push(bytes)
    else this.#around.write(bytes)
    if (last) this.#stringTo = undefined
  }

  /** All bytes that were there have been taken: time to draw. */
  flushed(): void {
    this.#feedModel()
    this.#schedule()
  }

  footerChanged(): void {
    this.#schedule()
  }

  resize(size: Size): void {
    this.#feedModel()
    this.#model.resize(size)
    this.#around.write('\x1b[r\x1b[0m\x1b[2J')
    this.repaint()
  }

  /** Draws nothing until `repaint`. */
  pause(): void {
    this.#paused = true
  }

  repaint(): void {
    this.#paused = false
    this.#drawn = []
    this.#footer = undefined
    this.#cursor = ''
    this.#schedule()
  }

  dispose(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#soon)
    this.#paused = true
    this.#model.dispose()
  }

  #escape(sequence: string): 'reset' | undefined {
    if (sequence === '\x1bc') return 'reset'
    if (sequence === '\x1b=' || sequence === '\x1b>') {
      this.#modes.observeKeypad(sequence === '\x1b=')
      this.#around.write(sequence)
    } else {
      this.#pending.push(Buffer.from(sequence, 'latin1'))
    }
    return undefined
  }

  #privateModes(parameters: string, final: string): 'leave' | undefined {
    const modes = parameters.split(';').map(Number)
    const own = modes.filter((mode) => !SCREEN_MODES.has(mode))
    const passed = own.filter(isPassedOn)
    this.#modes.observe({ marker: '?', parameters: own.join(';'), middle: '', final })
    if (passed.length > 0) this.#around.write(`\x1b[?${passed.join(';')}${final}`)
    if (own.length > 0) this.#pending.push(Buffer.from(`\x1b[?${own.join(';')}${final}`))
    if (own.includes(SYNC_MODE)) this.#synchronize(final === 'h')
    return final === 'l' && own.length < modes.length ? 'leave' : undefined
  }

  #synchronize(on: boolean): void {
    this.#syncSince = on ? this.#around.now() : undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** From the last cell of all, the emulator looks for a row below it and throws; from there it is everything. */
  #eraseAbove(): void {
    this.#feedModel()
    const { x, y } = this.#model.cursor
    const { cols, rows } = this.#model.size
    this.#pending.push(Buffer.from(x + 1 >= cols && y + 1 === rows ? '\x1b[2J' : '\x1b[1J'))
  }

  #feedModel(): void {
    if (this.#pending.length === 0) return
    const bytes = Buffer.concat(this.#pending)
    this.#pending = []
    this.#model.write(bytes)
  }

  #schedule(): void {
    if (this.#paused || this.#timer || this.#soon) return
    const now = this.#around.now()
    const wait =
      this.#syncSince === undefined ? this.#paintedAt + FRAME_MS - now : this.#syncSince + SYNC_MS - now
    if (wait <= 0) this.#soon = setImmediate(() => this.#paint())
    else this.#timer = setTimeout(() => this.#paint(), wait)
  }

  #paint(): void {
    this.#timer = undefined
    this.#soon = undefined
    if (this.#paused || this.#stringTo === 'terminal') return
    if (this.#syncSince !== undefined && this.#around.now() - this.#syncSince < SYNC_MS) {
      this.#schedule()
      return
    }
    this.#paintedAt = this.#around.now()
    const { rows, cols } = this.#model.size
    let frame = ''
    for (let y = 0; y < rows; y++) {
      const row = rowText(this.#model, y)
      if (row === this.#drawn[y]) continue
      this.#drawn[y] = row
      frame += `\x1b[${y + 1};1H\x1b[0m${row}`
    }
    const footer = this.#around.footer()
    if (footer !== undefined && footer !== this.#footer)
      frame += `\x1b[${rows + 1};1H\x1b[0m${footer}\x1b[0m\x1b[K`
    this.#footer = footer
    const { x, y } = this.#model.cursor
    const cursor = `\x1b[${y + 1};${Math.min(x, cols - 1) + 1}H`
    if (frame === '' && cursor === this.#cursor) return
    this.#cursor = cursor
    const shown = this.#modes.has(25) && frame !== ''
    this.#around.write(
      `\x1b[?2026h${shown ? '\x1b[?25l' : ''}${frame}${cursor}${shown ? '\x1b[?25h' : ''}\x1b[?2026l`,
    )
  }
}

/** Not drawing: questions that the terminal answers, keyboard modes, the cursor's shape, titles. */
function isQuestionOrMode(kind: string, first: number): boolean {
  switch (kind) {
    case 'n':
    case '?n':
      return first !== 6
    case 'c':
    case '>c':
    case '=c':
    case '>q':
    case '$p':
    case '?$p':
    case '?u':
    case '>u':
    case '<u':
    case '=u':
    case '>m':
    case '?m':
    case '>n':
    case ' q':
    case 't':
    case '>t':
    case 'x':
      return true
    default:
      return false
  }
}

/** Links are part of what is drawn; every other OSC is for the terminal. Pictures have no place in a model. */
function target(bytes: Buffer, kind: number): 'model' | 'terminal' {
  const start = bytes.toString('latin1', 2, 8)
  if (kind === OSC) return start.startsWith('8;') ? 'model' : 'terminal'
  if (kind === DCS) return /^(?:[$+]q|tmux;)/.test(start) ? 'terminal' : 'model'
  return 'model'
}
