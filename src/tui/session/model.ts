import xterm from '@xterm/headless'
import type { Size } from './size.ts'
import { withEmoji } from './widths.ts'

/**
 * The terminal emulator that the alternate screen is drawn from. Three things of @xterm/headless that its public
 * interface leaves out are used here and nowhere else; the version is pinned, and `test/shell/model.unit.test.ts`
 * fails when one of them goes away:
 * writing at once (the public `write` waits for a timer, 1 ms and more per keystroke), links (OSC 8), and the styles
 * and colours of underlines.
 */
interface Core {
  writeSync(data: Uint8Array): void
  unicodeService: {
    wcwidth(codepoint: number): 0 | 1 | 2
    charProperties(codepoint: number, preceding: number): number
  }
  _oscLinkService: { getLinkData(id: number): { id?: string; uri: string } | undefined }
}

export interface Cell {
  getWidth(): number
  getChars(): string
  fg: number
  bg: number
  isBold(): number
  isDim(): number
  isItalic(): number
  isBlink(): number
  isInverse(): number
  isInvisible(): number
  isStrikethrough(): number
  isOverline(): number
  isFgDefault(): boolean
  isFgRGB(): boolean
  getFgColor(): number
  isBgDefault(): boolean
  isBgRGB(): boolean
  getBgColor(): number
  getUnderlineStyle(): number
  isUnderlineColorDefault(): boolean
  isUnderlineColorRGB(): boolean
  getUnderlineColor(): number
  hasExtendedAttrs(): number
  extended: { ext: number; urlId: number }
}

export class Model {
  readonly #terminal: xterm.Terminal
  readonly #core: Core
  readonly #cell: Cell

  constructor(size: Size, reply: (bytes: string) => void) {
    this.#terminal = new xterm.Terminal({ ...size, allowProposedApi: true, scrollback: 0, logLevel: 'off' })
    this.#core = (this.#terminal as unknown as { _core: Core })._core
    this.#cell = this.#terminal.buffer.active.getNullCell() as unknown as Cell
    const { unicodeService } = this.#core
    const providers = unicodeService as unknown as { _activeProvider: Core['unicodeService'] }
    this.#terminal.unicode.register(withEmoji(providers._activeProvider))
    this.#terminal.unicode.activeVersion = 'tazpod'
    this.#terminal.onData(reply)
    this.write(Buffer.from('\x1b[?1049h'))
  }

  /** Takes these bytes at once. */
  write(bytes: Buffer): void {
    try {
      this.#core.writeSync(bytes)
    } catch {
      // A defect of the emulator costs the screen until the program draws it anew, not the shell.
      this.#terminal.reset()
      this.#core.writeSync(Buffer.from('\x1b[?1049h'))
    }
  }

  resize({ cols, rows }: Size): void {
    this.#terminal.resize(cols, rows)
  }

  /** From 0; the column is `cols` while the next character would wrap. */
  get cursor(): { x: number; y: number } {
    const { cursorX, cursorY } = this.#terminal.buffer.active
    return { x: cursorX, y: cursorY }
  }

  get size(): Size {
    return { cols: this.#terminal.cols, rows: this.#terminal.rows }
  }

  /** Calls `visit` for each cell of a row. The cell is the same object each time. */
  eachCell(row: number, visit: (cell: Cell, column: number) => void): void {
    const line = this.#terminal.buffer.active.getLine(row)
    for (let x = 0; line !== undefined && x < this.#terminal.cols; x++) {
      line.getCell(x, this.#cell as unknown as xterm.IBufferCell)
      visit(this.#cell, x)
    }
  }

  link(id: number): { id?: string; uri: string } | undefined {
    return this.#core._oscLinkService.getLinkData(id)
  }

  dispose(): void {
    this.#terminal.dispose()
  }
}
