/** A dotenv text that can't be read. `why` repeats nothing of the text but a name. */
interface DotenvProblem {
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

const DOLLAR = 0x24

/** What a backslash makes of the next character inside double quotes. What follows it else, every reader takes otherwise. */
const ESCAPES = new Map([
  [0x6e, LF],
  [0x72, CR],
  [0x74, 0x09],
  [DOUBLE, DOUBLE],
  [BACKSLASH, BACKSLASH],
])

/**
 * Reads dotenv bytes: `export`, comments, values without quotes (up to ` #`, trimmed), in single quotes (literal) or
 * double quotes (\n \r \t \" \\), over several lines, the shell's `'it'\''s'`, and `$'…'` as bash reads it (what zsh's
 * `export -p`, `printf %q` and direnv write). What shells and dotenv readers understand differently is refused with its
 * line: a value that changed on its way into a vault is lost. `$NAME` is such a thing outside of single quotes. Works on
 * bytes, so that no value becomes a JavaScript string; the caller wipes the values.
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
    const apart = isSpace(this.#peek())
    this.#skipSpaces()
    const first = this.#peek()
    // python-dotenv keeps `A= # x` as a value, a shell and Node read a comment.
    if (apart && first === HASH) return `a value or a comment? ${QUOTE_IT}`
    if (first === DOLLAR && this.#peek(1) === SINGLE) return this.#ansi() ?? this.#restOfLine()
    if (first !== SINGLE && first !== DOUBLE) return this.#bare()
    return this.#quoted() ?? this.#restOfLine()
  }

  #bare(): string | undefined {
    let kept = 0
    let previous = 0
    for (let byte = this.#peek(); byte !== LF && byte !== -1; byte = this.#peek()) {
      if (byte === HASH && isSpace(previous)) break
      const why = ambiguous(byte, this.#peek(1))
      if (why !== undefined) return `${why} outside of quotes; ${QUOTE_IT}`
      this.#put(this.#next())
      if (!isSpace(byte) && byte !== CR) kept = this.#length
      previous = byte
    }
    this.#skipLine()
    this.#length = kept
    return undefined
  }

  /** `$'…'` (bash(1), QUOTING). */
  #ansi(): string | undefined {
    this.#at += 2
    for (;;) {
      const byte = this.#next()
      if (byte === -1) return 'a quote is not closed'
      if (byte === SINGLE) return undefined
      if (byte !== BACKSLASH) this.#put(byte)
      else if (!this.#ansiEscape()) return "this escape in $'…' is not read; write the value in single quotes"
    }
  }

  #ansiEscape(): boolean {
    const rest = this.#bytes.toString('latin1', this.#at, this.#at + 9)
    const simple = ANSI.get(rest[0] ?? '')
    const [all, octal, hex, short, long] =
      /^(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|U([0-9a-fA-F]{1,8}))/.exec(rest) ?? []
    if (simple !== undefined) {
      this.#next()
      this.#put(simple)
      return true
    }
    const byte = octal !== undefined ? Number.parseInt(octal, 8) : Number.parseInt(hex ?? '', 16)
    const point = Number.parseInt(short ?? long ?? '', 16)
    // NUL ends the value in bash; half of a surrogate pair and what lies above 0x10FFFF are no characters.
    const bytes = byte > 0 && byte < 256 ? Buffer.of(byte) : isCharacter(point) ? utf8(point) : undefined
    if (all === undefined || bytes === undefined) return false
    this.#at += all.length
    for (const one of bytes) this.#put(one)
    return true
  }

  #quoted(): string | undefined {
    for (;;) {
      const quote = this.#peek()
      if (quote === BACKSLASH && this.#peek(1) === SINGLE) {
        this.#next()
        this.#put(this.#next())
      } else if (quote === SINGLE || quote === DOUBLE) {
        this.#next()
        const why = quote === DOUBLE ? this.#untilDouble() : this.#untilSingle()
        if (why !== undefined) return why
      } else return undefined
    }
  }

  #untilSingle(): string | undefined {
    for (;;) {
      const byte = this.#next()
      if (byte === -1) return 'a quote is not closed'
      if (byte === SINGLE) return undefined
      if (byte === CR && this.#peek() === LF) return WINDOWS
      this.#put(byte)
    }
  }

  #untilDouble(): string | undefined {
    for (;;) {
      const byte = this.#next()
      if (byte === -1) return 'a quote is not closed'
      if (byte === DOUBLE) return undefined
      const next = this.#peek()
      if (byte === CR && next === LF) return WINDOWS
      if (byte === BACKTICK || (byte === DOLLAR && next !== SINGLE && next !== DOUBLE && expands(next)))
        return `${byte === DOLLAR ? EXPANSION : 'a backtick'} in double quotes; ${QUOTE_IT}`
      const escaped = byte === BACKSLASH ? ESCAPES.get(next) : undefined
      if (byte === BACKSLASH && escaped === undefined)
        return `a backslash before this character in double quotes; ${QUOTE_IT}`
      if (escaped !== undefined) this.#next()
      this.#put(escaped ?? byte)
    }
  }

  #restOfLine(): string | undefined {
    if (this.#peek() === HASH) return 'text follows the closing quote' // for a shell: a part of the word
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

/** A shell keeps the CR, Node and Python drop it. */
const WINDOWS = 'a line end of Windows (CR LF) inside of quotes; tr -d "\\r" takes it off'
const QUOTE_IT = 'put the value in single quotes'

/** What a shell makes something else of than dotenv readers do, and they among themselves. */
function ambiguous(byte: number, next: number): string | undefined {
  if (byte === SINGLE || byte === DOUBLE) return 'a quote'
  if (byte === BACKSLASH) return 'a backslash'
  if (byte === BACKTICK) return 'a backtick'
  return byte === DOLLAR && expands(next) ? EXPANSION : undefined
}

const EXPANSION = 'what some readers replace ($NAME)'

/** Whether a shell, Compose or another reader makes something of `$` and this character (bash(1), EXPANSION). */
function expands(next: number): boolean {
  return next > 0x20 && /^[A-Za-z0-9_{([@*#?$!'"-]$/.test(String.fromCharCode(next))
}

const ANSI = new Map(
  Object.entries({
    ...{ n: LF, r: CR, t: 0x09, a: 0x07, b: 0x08, e: 0x1b, E: 0x1b, f: 0x0c, v: 0x0b },
    ...{ '\\': BACKSLASH, "'": SINGLE, '"': DOUBLE, '?': 0x3f },
  }),
)

function isCharacter(point: number): boolean {
  return point > 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)
}

function utf8(point: number): Buffer {
  return Buffer.from(String.fromCodePoint(point))
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09
}
