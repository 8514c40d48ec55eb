import { isUtf8 } from 'node:buffer'
import type { Document, Node, Scalar, YAMLMap } from 'yaml'
import { Composer, isAlias, isMap, isScalar, isSeq, Lexer, LineCounter, Parser } from 'yaml'
import type { ConfigProblem } from '../failure/failure.ts'
import { show } from './show.ts'
import { formatSize } from './size.ts'

/** Deep nesting exhausts the stack of the YAML composer, which takes the process down instead of throwing. */
const MAX_DEPTH = 32
const MAX_PROBLEMS = 50

export type YamlPath = readonly PropertyKey[]
interface Position {
  line: number
  column: number
}

/**
 * A YAML text as plain data. Mappings are objects without a prototype, sequences arrays, **every scalar is its
 * text** (`022`, `NO`, `1e3` stay as written), an empty value is null. Lines and columns count from 1.
 */
export interface YamlTree {
  value: unknown
  problems: ConfigProblem[]
  /** The text is not YAML: `value` is a guess, and what it lacks follows from `problems`. */
  broken: boolean
  /** Where the key or the value at `path` starts; the nearest enclosing node if there is none. */
  where(path: YamlPath, part: 'key' | 'value'): Position
}

/**
 * Reads one YAML document of at most `maxBytes`. Aliases, tags, duplicate keys and deep nesting are problems.
 * With `quiet` no message repeats anything of the text: for files that hold secrets.
 */
export function readYaml(
  input: string | Uint8Array,
  options: { maxBytes: number; quiet?: boolean },
): YamlTree {
  const size = typeof input === 'string' ? Buffer.byteLength(input) : input.byteLength
  if (size > options.maxBytes) {
    return failed(
      `the file has ${size} bytes; at most ${options.maxBytes} (${formatSize(options.maxBytes)}) are read`,
    )
  }
  if (typeof input !== 'string' && !isUtf8(input)) return failed('the file is not UTF-8 text')
  const text = (typeof input === 'string' ? input : Buffer.from(input).toString()).replace(/^\uFEFF/, '')
  const lines = new LineCounter()
  const parsed = compose(text, lines)
  if ('problem' in parsed) return failed(parsed.problem.message, place(lines, parsed.problem.offset))

  const { documents } = parsed
  const problems: ConfigProblem[] = []
  const report: Report = (offset, message, hint) => {
    problems.push({ ...place(lines, offset), message, ...(hint === undefined ? {} : { hint }) })
  }
  const [document, second] = documents
  if (document === undefined) return failed('the file is empty')
  if (second?.range) report(second.range[0], 'the file has more than one document', 'remove the line ---')
  for (const error of [...document.errors, ...document.warnings].slice(0, MAX_PROBLEMS)) {
    report(error.pos[0], options.quiet ? 'this is not valid YAML' : say(error.code, error.message))
  }
  const source = { text, name: options.quiet ? () => 'a key' : show, report }
  const value = plain(document.contents, source)
  const broken = document.errors.length > 0
  return { value, problems: problems.slice(0, MAX_PROBLEMS), broken, where: locator(document, lines) }
}

type Report = (offset: number, message: string, hint?: string) => void

function compose(
  text: string,
  lines: LineCounter,
): { documents: Document.Parsed[] } | { problem: { message: string; offset: number } } {
  lines.addNewLine(0)
  const parser = new Parser(lines.addNewLine)
  const tokens = []
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token)
    if (parser.stack.length > MAX_DEPTH) {
      return { problem: { message: `nested deeper than ${MAX_DEPTH} levels`, offset: parser.offset } }
    }
  }
  for (const token of parser.end()) tokens.push(token)
  // Duplicate keys are found by `plain`: the composer's own check is quadratic.
  const composer = new Composer({ schema: 'failsafe', uniqueKeys: false, stringKeys: true, strict: true })
  const documents: Document.Parsed[] = []
  for (const document of composer.compose(tokens, true, text.length)) {
    documents.push(document as Document.Parsed)
    if (documents.length > 1) break
  }
  return { documents }
}

interface Source {
  text: string
  name: (word: string) => string
  report: Report
}

function plain(node: unknown, source: Source): unknown {
  const { report } = source
  if (isAlias(node)) {
    report(node.range?.[0] ?? 0, 'aliases (*name) are not allowed', 'write the value out')
    return undefined
  }
  if (isMap(node)) return plainMap(node, source)
  if (isSeq(node)) return node.items.map((item) => plain(item, source))
  if (!isScalar(node)) return null
  // The composer knows `!!binary` even in the failsafe schema: its bytes would become text, and no UTF-8 is lost.
  if (typeof node.value !== 'string' && node.value !== null) {
    report(node.range?.[0] ?? 0, 'tags (!name) are not allowed', 'write the value as text')
    return undefined
  }
  // The library drops such a line, others keep what is behind the indentation (YAML 1.2, 8.1.1.2).
  if (
    node.type?.startsWith('BLOCK') &&
    node.range &&
    BLANKS_AT_END.test(source.text.slice(node.range[0], node.range[1]))
  ) {
    report(node.range[0], 'this block ends with a line of blanks', 'remove the blanks, or the line')
  }
  return isEmpty(node) ? null : String(node.value)
}

function plainMap(map: YAMLMap, source: Source): unknown {
  const { name, report } = source
  const result: Record<string, unknown> = Object.create(null)
  for (const { key, value } of map.items) {
    const offset = (key as Node | null)?.range?.[0] ?? map.range?.[0] ?? 0
    const word = isScalar(key) && typeof key.value === 'string' ? key.value : undefined
    if (word === undefined) report(offset, 'a key is missing here')
    else if (word === '__proto__') report(offset, 'the key __proto__ is not allowed')
    else if (Object.hasOwn(result, word)) report(offset, `${name(word)} is there twice`, 'remove one of them')
    else result[word] = plain(value, source)
  }
  return result
}

const BLANKS_AT_END = /\n[ \t]+\n*$/

/** The spellings of nothing, unless they are quoted. */
function isEmpty(node: Scalar): boolean {
  return node.type === 'PLAIN' && /^(~|null|Null|NULL)?$/.test(node.source ?? '')
}

function locator(document: Document.Parsed, lines: LineCounter): YamlTree['where'] {
  return (path, part) => {
    let node: unknown = document.contents
    let offset = document.contents?.range?.[0] ?? 0
    for (const [index, step] of path.entries()) {
      const last = index === path.length - 1
      if (isMap(node)) {
        const pair = node.items.find((item) => isScalar(item.key) && item.key.value === step)
        if (pair === undefined) break
        offset = (pair.key as Node).range?.[0] ?? offset
        node = pair.value
      } else if (isSeq(node)) {
        node = node.items[Number(step)]
        offset = (node as Node | undefined)?.range?.[0] ?? offset
      } else break
      if (last && part === 'value') offset = (node as Node | null)?.range?.[0] ?? offset
    }
    return place(lines, offset)
  }
}

function place(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}

function failed(message: string, position: Position = { line: 1, column: 1 }): YamlTree {
  return { value: undefined, problems: [{ ...position, message }], broken: true, where: () => position }
}

function say(code: string, message: string): string {
  if (code === 'TAB_AS_INDENT') return 'a tab indents this line: YAML takes spaces only'
  if (code === 'TAG_RESOLVE_FAILED') return 'tags (!name) are not allowed'
  return `not valid YAML: ${message.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, 200)}`
}
