/** Longest passphrase in bytes. */
export const MAX_PASSPHRASE = 1024

/** What one typed byte means for the caller. `show` and `erase` matter only where the input is visible. */
export type Edit =
  | 'none'
  | 'show'
  | 'erase'
  | 'clear'
  | 'enter'
  | 'interrupt'
  | 'suspend'
  | 'end'
  | 'too-long'

const BYTE = {
  interrupt: 0x03,
  end: 0x04,
  backspace: 0x08,
  tab: 0x09,
  newline: 0x0a,
  enter: 0x0d,
  clear: 0x15,
  suspend: 0x1a,
  escape: 0x1b,
  quit: 0x1c,
  delete: 0x7f,
} as const

/**
 * One line typed in raw mode, at most `limit` bytes, held in a buffer that `wipe` zeroes. Escape sequences (arrow
 * keys, paste marks) are dropped whole, so that they can't become an invisible part of a passphrase.
 */
export class LineEditor {
  readonly #bytes: Buffer
  #length = 0
  #tooLong = false
  #escape: 'no' | 'started' | 'inside' = 'no'

  constructor(limit = MAX_PASSPHRASE) {
    this.#bytes = Buffer.alloc(limit)
  }

  /** How many bytes the line can hold. */
  get limit(): number {
    return this.#bytes.length
  }

  /** Whether more was typed than the line can hold, and not taken back since. */
  get isTooLong(): boolean {
    return this.#tooLong
  }

  /** Takes one byte of terminal input. After `too-long` the line is empty again; the rest keeps coming. */
  type(byte: number): Edit {
    if (this.#escape !== 'no') return this.#skipEscape(byte)
    switch (byte) {
      case BYTE.enter:
      case BYTE.newline:
        return 'enter'
      case BYTE.interrupt:
      case BYTE.quit:
        return 'interrupt'
      case BYTE.suspend:
        return 'suspend'
      case BYTE.end:
        return this.#length === 0 ? 'end' : 'none'
      case BYTE.backspace:
      case BYTE.delete:
        return this.#backspace()
      case BYTE.clear:
        this.wipe()
        return 'clear'
      case BYTE.escape:
        this.#escape = 'started'
        return 'none'
      default:
        return byte < 0x20 && byte !== BYTE.tab ? 'none' : this.#append(byte)
    }
  }

  /** Whether Esc was the last byte: pressed alone, unless the rest of a key's sequence still comes. */
  get afterEscape(): boolean {
    return this.#escape === 'started'
  }

  /** A copy of what was typed; the caller zeroes it. */
  take(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#length))
  }

  /** Forgets what was typed. */
  wipe(): void {
    this.#bytes.fill(0)
    this.#length = 0
    this.#tooLong = false
  }

  #append(byte: number): Edit {
    if (this.#length === this.#bytes.length) {
      this.wipe()
      this.#tooLong = true
      return 'too-long'
    }
    this.#bytes[this.#length++] = byte
    return 'show'
  }

  /** Removes one character: its UTF-8 continuation bytes (10xxxxxx) and the byte before them. */
  #backspace(): Edit {
    if (this.#length === 0) return 'none'
    do this.#length--
    while (this.#length > 0 && ((this.#bytes[this.#length] ?? 0) & 0xc0) === 0x80)
    this.#bytes.fill(0, this.#length)
    return 'erase'
  }

  /** ESC [ … letter, ESC O letter, or ESC and one key. */
  #skipEscape(byte: number): Edit {
    const introduces = this.#escape === 'started' && (byte === 0x5b || byte === 0x4f)
    const parameter = this.#escape === 'inside' && byte >= 0x20 && byte < 0x40
    this.#escape = introduces || parameter ? 'inside' : 'no'
    // A control key is never swallowed: Ctrl-C after a lone ESC still interrupts.
    return byte < 0x20 && byte !== BYTE.escape ? this.type(byte) : 'none'
  }
}
