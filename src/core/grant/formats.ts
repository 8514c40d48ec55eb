import { isUtf8 } from 'node:buffer'
import type { Result } from '../result.ts'
import { err, ok } from '../result.ts'
import { type DotenvReader, dotenvQuoting } from '../text/dotenv-writer.ts'
import type { Escape } from '../text/escape.ts'
import { escapeText, joinAndWipe } from '../text/escape.ts'
import { show } from '../text/show.ts'

export const BIND_FORMATS = ['tfvars', 'json', 'dotenv', 'yaml', 'raw'] as const
export type BindFormat = (typeof BIND_FORMATS)[number]

/** Says why `key` can't name a value in `format`, or undefined. The text completes the sentence "the key K …". */
export function formatKeyProblem(format: BindFormat, key: string): string | undefined {
  if (format === 'tfvars' && !/^[A-Za-z_][A-Za-z0-9_-]*$/.test(key))
    return 'is not a name of a terraform variable'
  if (format === 'dotenv' && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) return 'is not a name of a variable'
  if (key === '' || key.length > 255) return 'is empty or longer than 255 characters'
  return /\p{Cc}/u.test(key) || !key.isWellFormed() ? 'contains a control character' : undefined
}

/**
 * Renders the content of a bind. `values` are keys with their bytes; the result is a new Buffer that the caller
 * wipes. A program that reads the result gets every value byte for byte; where a format can't do that, the failure
 * is `bad-value` with the key. `reader`: who reads a dotenv. `raw` takes exactly one value and adds nothing, the others end with a newline.
 */
export function render(
  format: BindFormat,
  values: readonly (readonly [string, Buffer])[],
  reader: DotenvReader = 'sh',
): Result<Buffer> {
  if (format === 'raw') return renderRaw(values)
  for (const [key, value] of values) {
    const why = formatKeyProblem(format, key) ?? valueProblem(format, value, reader)
    if (why !== undefined) return err({ reason: 'bad-value', name: show(key), why })
  }
  return ok(assemble(format === 'dotenv' ? dotenv(reader) : STYLES[format], values))
}

interface Style {
  open: string
  /** What stands around a value, and for its characters. */
  around: (key: string, value: Buffer) => { before: string; after: string; escape: Escape }
  separator: string
  close: string
}

const STYLES: Record<Exclude<BindFormat, 'raw' | 'dotenv'>, Style> = {
  tfvars: {
    open: '',
    around: (key) => ({ before: `${key} = "`, after: '"', escape: hcl }),
    separator: '\n',
    close: '\n',
  },
  json: {
    open: '{\n',
    around: (key) => ({ before: `  ${JSON.stringify(key)}: "`, after: '"', escape: json }),
    separator: ',\n',
    close: '\n}\n',
  },
  yaml: {
    open: '',
    around: (key) => ({ before: `${JSON.stringify(key)}: "`, after: '"', escape: yaml }),
    separator: '\n',
    close: '\n',
  },
}

function dotenv(reader: DotenvReader): Style {
  return {
    open: '',
    around: (key, value) => {
      const how = dotenvQuoting(value, reader)
      if (typeof how === 'string') throw new Error('a value that was refused is rendered')
      return { before: `${key}=${how.quote}`, after: how.quote, escape: how.escape }
    },
    separator: '\n',
    close: '\n',
  }
}

function assemble(style: Style, values: readonly (readonly [string, Buffer])[]): Buffer {
  const pieces: Buffer[] = [Buffer.from(style.open)]
  for (const [index, [key, value]] of values.entries()) {
    const around = style.around(key, value)
    pieces.push(Buffer.from((index === 0 ? '' : style.separator) + around.before))
    pieces.push(escapeText(value, around.escape), Buffer.from(around.after))
  }
  pieces.push(Buffer.from(style.close))
  return joinAndWipe(pieces)
}

function renderRaw(values: readonly (readonly [string, Buffer])[]): Result<Buffer> {
  const [first, second] = values
  if (first === undefined || second !== undefined) {
    return err({
      reason: 'bad-value',
      name: 'format raw',
      why: `it takes one value, here are ${values.length}`,
    })
  }
  return ok(Buffer.from(first[1]))
}

function valueProblem(format: BindFormat, value: Buffer, reader: DotenvReader): string | undefined {
  if (!isUtf8(value)) return `it is not UTF-8 text, which the format ${format} needs; use format raw`
  if (format === 'dotenv') {
    if (value.includes(0)) return 'it contains a NUL byte, which no variable can hold'
    const how = dotenvQuoting(value, reader)
    if (typeof how === 'string') return `it ${how} (dotenv for ${reader})`
  }
  if (format === 'tfvars' && !isNormalized(value)) {
    return 'terraform would change it (Unicode normalisation NFC); deliver it as a file, or with another format'
  }
  return undefined
}

/** Only text beyond ASCII can be in another form than NFC, so a plain password never becomes a string here. */
function isNormalized(value: Buffer): boolean {
  if (value.every((byte) => byte < 0x80)) return true
  const text = value.toString()
  return text.normalize('NFC') === text
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const BRACE = 0x7b

/** HCL quoted string: `${` and `%{` would start a template and are doubled. */
const hcl: Escape = (code, next) => {
  if (code === 0x24 && next === BRACE) return '$$'
  if (code === 0x25 && next === BRACE) return '%%'
  return json(code, next)
}

const SHORT = new Map([
  [QUOTE, '\\"'],
  [BACKSLASH, '\\\\'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x09, '\\t'],
])

const json: Escape = (code) => SHORT.get(code) ?? (code < 0x20 || code === 0x7f ? unicode(code) : undefined)

/** YAML double-quoted: what is not printable in YAML, or a line break in YAML 1.1, is escaped as well. */
const yaml: Escape = (code, next) => {
  const invisible = (code >= 0x80 && code <= 0x9f) || code === 0x2028 || code === 0x2029
  return invisible || code === 0xfeff || code === 0xfffe || code === 0xffff ? unicode(code) : json(code, next)
}

function unicode(code: number): string {
  return `\\u${code.toString(16).padStart(4, '0')}`
}
