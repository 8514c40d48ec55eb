import xterm from '@xterm/headless'

/** A terminal without a program: bytes are drawn, rows are read. Everything is drawn when `write` returns. */
export class Emulator {
  readonly #terminal: xterm.Terminal
  /** What the terminal has answered to questions in what was written. */
  answers = ''
  /** Everything that was written. */
  raw = ''

  constructor(cols: number, rows: number, scrollback = 1000) {
    this.#terminal = new xterm.Terminal({ cols, rows, scrollback, allowProposedApi: true, logLevel: 'off' })
    this.#terminal.onData((data) => {
      this.answers += data
    })
  }

  write(bytes: Buffer | string): void {
    this.raw += bytes.toString()
    const core = (this.#terminal as unknown as { _core: { writeSync(data: Uint8Array): void } })._core
    core.writeSync(Buffer.from(bytes))
  }

  resize(cols: number, rows: number): void {
    this.#terminal.resize(cols, rows)
  }

  /** The visible rows, without trailing blanks in each. */
  rows(): string[] {
    const { baseY } = this.#terminal.buffer.active
    return Array.from({ length: this.#terminal.rows }, (_, y) => this.#row(baseY + y))
  }

  /** What has scrolled away. */
  scrollback(): string[] {
    return Array.from({ length: this.#terminal.buffer.active.baseY }, (_, y) => this.#row(y))
  }

  get cursor(): { x: number; y: number } {
    const { cursorX, cursorY } = this.#terminal.buffer.active
    return { x: cursorX, y: cursorY }
  }

  get isAlternate(): boolean {
    return this.#terminal.buffer.active.type === 'alternate'
  }

  /** Characters with their colours and styles, for comparison. */
  cells(): string[] {
    const { baseY } = this.#terminal.buffer.active
    return Array.from({ length: this.#terminal.rows }, (_, y) => this.#styledRow(baseY + y))
  }

  #row(y: number): string {
    return this.#terminal.buffer.active.getLine(y)?.translateToString(true).trimEnd() ?? ''
  }

  #styledRow(y: number): string {
    const line = this.#terminal.buffer.active.getLine(y)
    let text = ''
    for (let x = 0; x < this.#terminal.cols; x++) {
      const cell = line?.getCell(x) as unknown as { fg: number; bg: number; getChars(): string } | undefined
      if (cell) text += `${cell.getChars() || ' '}/${cell.fg}/${cell.bg & 0x7fffff} `
    }
    return text
  }
}
