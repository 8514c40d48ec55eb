/** A dotenv text that can't be read. `why` repeats nothing of the text but a name. */
export interface DotenvProblem {
  line: number
  why: string
}

const LF = 0x0a
const CR = 0x0d
const HASH = 0x23
const EQUALS = 0x3d
const SINGLE = 0x27
const DOUBLE = 0x22
const BACKSLASH = 0x5c
const BACKTICK = 0x60

/** What a backslash makes of the next character inside double quotes; anything else keeps both. */
const ESCAPES = new Map([
  [0x6e, LF],
  [0x72, CR],
  [0x74, 0x09],
  [DOUBLE, DOUBLE],
  [BACKSLASH, BACKSLASH],
  [0x24, 0x24],
  [BACKTICK, BACKTICK],
])

/**
 * Reads dotenv bytes: `export`, comments, values without quotes (up to ` #`, trimmed), in single quotes (literal)
 * or double quotes (\n \r \t \" \\ \$ \`), over several lines, and the shell's `'it'\''s'`. `$NAME` is never
 * expanded. Works on bytes, so that no value becomes a JavaScript string; the caller wipes the values.
 */
export function readDotenv(
  bytes: Buffer,
): { values: [name: string, value: Buffer, line: number][] } | DotenvProblem {
  const start = bytes.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf])) ? 3 : 0
  const reader = new DotenvReader(bytes, start)
  try {
    return reader.read()
  } finally {
    reader.wipe()
  }
}

class DotenvReader {
  readonly #bytes: Buffer
  /** Scratch space of one value, wiped at the end. */
  readonly #value: Buffer
  #length = 0
  #at: number
  #line = 1

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes
    this.#value = Buffer.alloc(bytes.length)
    this.#at = start
  }

  read(): { values: [string, Buffer, number][] } | DotenvProblem {
    const values: [string, Buffer, number][] = []
    for (;;) {
      this.#skipBlank()
      if (this.#peek() === -1) return { values }
      const line = this.#line
      const name = this.#name()
      const why = name === undefined ? 'NAME=value is expected' : this.#readValue()
      if (why !== undefined || name === undefined) {
        for (const [, value] of values) value.fill(0)
        return { line, why: why ?? '' }
      }
      values.push([name, Buffer.from(this.#value.subarray(0, this.#length)), line])
    }
  }

  wipe(): void {
    this.#value.fill(0)
  }

  #peek(ahead = 0): number {
    return this.#bytes[this.#at + ahead] ?? -1
  }

  #next(): number {
    const byte = this.#peek()
    this.#at++
    if (byte === LF) this.#line++
    return byte
  }

  #skipSpaces(): void {
    while (isSpace(this.#peek())) this.#next()
  }

  #skipBlank(): void {
    for (;;) {
      this.#skipSpaces()
      if (this.#peek() === HASH) this.#skipLine()
      else if (this.#peek() === LF || this.#peek() === CR) this.#next()
      else return
    }
  }

  #skipLine(): void {
    while (this.#peek() !== LF && this.#peek() !== -1) this.#next()
  }

  #name(): string | undefined {
    const end = this.#bytes.indexOf(EQUALS, this.#at)
    const lineEnd = this.#bytes.indexOf(LF, this.#at)
    if (end === -1 || (lineEnd !== -1 && lineEnd < end) || end - this.#at > 512) return undefined
    const words = this.#bytes.subarray(this.#at, end).toString('latin1')
    const name = /^(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*$/.exec(words)?.[1]
    this.#at = end + 1
    return name
  }

  /** Returns what is wrong, if anything. */
  #readValue(): string | undefined {
    this.#length = 0
    this.#skipSpaces()
    const first = this.#peek()
    if (first === BACKTICK) return 'a value in backticks is not supported; use single quotes'
    if (first !== SINGLE && first !== DOUBLE) {
      this.#bare()
      return undefined
    }
    return this.#quoted() ?? this.#restOfLine()
  }

  #bare(): void {
    let kept = 0
    let previous = 0x20
    for (let byte = this.#peek(); byte !== LF && byte !== -1; byte = this.#peek()) {
      if (byte === HASH && isSpace(previous)) break
      this.#put(this.#next())
      if (!isSpace(byte) && byte !== CR) kept = this.#length
      previous = byte
    }
    this.#skipLine()
    this.#length = kept
  }

  #quoted(): string | undefined {
    for (;;) {
      const quote = this.#peek()
      if (quote === BACKSLASH && this.#peek(1) === SINGLE) {
        this.#next()
        this.#put(this.#next())
      } else if (quote === SINGLE || quote === DOUBLE) {
        this.#next()
        if (!this.#untilQuote(quote)) return 'a quote is not closed'
      } else return undefined
    }
  }

  #untilQuote(quote: number): boolean {
    for (;;) {
      const byte = this.#next()
      if (byte === -1) return false
      if (byte === quote) return true
      const escaped = quote === DOUBLE && byte === BACKSLASH ? ESCAPES.get(this.#peek()) : undefined
      if (escaped !== undefined) this.#next()
      this.#put(escaped ?? byte)
    }
  }

  #restOfLine(): string | undefined {
    this.#skipSpaces()
    const byte = this.#peek()
    if (byte !== HASH && byte !== LF && byte !== CR && byte !== -1) return 'text follows the closing quote'
    this.#skipLine()
    return undefined
  }

  #put(byte: number): void {
    this.#value[this.#length++] = byte
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09
}
