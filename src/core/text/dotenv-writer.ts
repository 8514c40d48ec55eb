import type { Escape } from './escape.ts'

/** Who reads a dotenv file: `for:` of a bind. They agree on the simple values only. */
export const DOTENV_READERS = ['sh', 'node', 'compose', 'docker', 'python'] as const
export type DotenvReader = (typeof DOTENV_READERS)[number]

/** What stands around a value, and what is written for its characters. */
interface Quoting {
  quote: string
  escape: Escape
}

const LF = 0x0a
const CR = 0x0d
const HASH = 0x23
const DOLLAR = 0x24
const SINGLE = 0x27
const DOUBLE = 0x22
const BACKSLASH = 0x5c
const BACKTICK = 0x60

/** How `reader` understands exactly these bytes (UTF-8, no NUL). Text: why it can't, completing "it …". */
export function dotenvQuoting(value: Buffer, reader: DotenvReader): Quoting | string {
  return READERS[reader](value)
}

/** Inside '…' of a shell nothing is special but the quote itself. */
const shellQuoted: Escape = (code) => (code === SINGLE ? `'\\''` : undefined)
const asIs: Escape = () => undefined
const NONE: Quoting = { quote: '', escape: asIs }
const WITH = { single: { quote: "'", escape: asIs }, double: { quote: '"', escape: asIs } }

const READERS: Record<DotenvReader, (value: Buffer) => Quoting | string> = {
  /**
   * Single quotes, except where a value has a single quote and nothing that is special inside double quotes: many
   * dotenv libraries don't know the shell's `'\''`. A value with both kinds stays right for a shell.
   */
  sh: (value) => {
    const special = [DOUBLE, DOLLAR, BACKTICK, BACKSLASH, 0x21 /* ! of interactive shells */]
    return value.includes(SINGLE) && !has(value, special) ? WITH.double : { quote: "'", escape: shellQuoted }
  },

  /**
   * `node --env-file` (src/node_dotenv.cc; proved with 24.21): three quotes without any escape, and \n is a newline in
   * double ones. Every CR is dropped.
   */
  node: (value) => {
    if (value.includes(CR)) return 'has a CR, which node drops'
    if (!value.includes(SINGLE)) return WITH.single
    if (!value.includes(DOUBLE) && !value.includes('\\n')) return WITH.double
    if (!value.includes(BACKTICK)) return { quote: '`', escape: asIs }
    return plain(value, [HASH]) ? NONE : 'has all of \', " and `, and node knows no escape for them'
  },

  /**
   * Docker Compose (compose-go, dotenv/parser.go; proved with 2.26): '…' is literal, but a backslash before the quote
   * makes it a part of the value; in "…" and bare, $NAME is replaced.
   */
  compose: (value) => {
    if (value.includes(CR)) return 'has a CR, which compose does not keep everywhere'
    if (!value.includes(SINGLE)) {
      return value.at(-1) === BACKSLASH
        ? 'ends with a backslash, which compose takes for an escape'
        : WITH.single
    }
    if (!has(value, [DOUBLE, DOLLAR, BACKSLASH, BACKTICK])) return WITH.double
    return plain(value, [HASH, DOLLAR, BACKSLASH])
      ? NONE
      : "has a ' together with what compose replaces outside of '…'"
  },

  /**
   * `docker run --env-file` (docker/cli, kvfile.go; proved with 28.2): the line as it is, up to 64 KiB; newer ones take
   * off a pair of quotes.
   */
  docker: (value) => {
    const [first] = value
    const last = value.at(-1)
    if (value.includes(LF)) return 'has a newline, which docker --env-file has no way to write'
    if (last === CR) return 'ends with a CR, which docker takes off'
    if (value.length > 1 && first === last && (first === SINGLE || first === DOUBLE))
      return 'stands in quotes, which only some versions of docker keep'
    return value.length > 65_000 ? 'is longer than a line of docker --env-file may be (64 KiB)' : NONE
  },

  /**
   * python-dotenv (dotenv/parser.py, variables.py; proved with 0.21 and 1.2): `${NAME}` is replaced in every value,
   * whatever its quotes, and a quote behind a backslash is looked for up to the end of the file.
   */
  python: (value) => {
    const open = value.indexOf('${')
    if (open >= 0 && value.indexOf('}', open) >= 0)
      return `has \${…}, which python-dotenv replaces in any quotes`
    if (value.at(-1) !== BACKSLASH) return { quote: '"', escape: pythonEscape }
    const bare = plain(value, [HASH]) && value.every((byte) => byte > 0x20 && byte < 0x7f)
    return bare
      ? NONE
      : 'ends with a backslash, which python-dotenv takes for an escape of the quote behind it'
  },
}

const PYTHON = new Map([
  [DOUBLE, '\\"'],
  [BACKSLASH, '\\\\'],
  [CR, '\\r'],
])

const pythonEscape: Escape = (code) => PYTHON.get(code)

function has(value: Buffer, bytes: readonly number[]): boolean {
  return value.some((byte) => bytes.includes(byte))
}

/** Whether the value can stand without quotes: one line, no blank at its ends, no quote at its start, none of `special`. */
function plain(value: Buffer, special: readonly number[]): boolean {
  const [first = 0] = value
  const last = value.at(-1) ?? 0
  if (first <= 0x20 || last <= 0x20 || first >= 0x80 || last >= 0x80) return false
  return !has(value, [LF, CR, ...special]) && ![SINGLE, DOUBLE, BACKTICK].includes(first)
}
