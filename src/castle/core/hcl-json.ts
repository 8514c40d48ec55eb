import { Composer, isMap, isScalar, isSeq, LineCounter, type Node, Parser } from 'yaml'
import type { HclAttribute, HclBlock, HclBody, HclExpr, HclFile, HclItem, HclPart, Span } from './hcl.ts'

/**
 * Terraform's JSON syntax as the same data as its own. JSON is read by the YAML parser, which knows where each value
 * stands. `template` reads the text of one string as HCL would: what it refers to is found, at the string's place.
 */
export function readTerraformJson(raw: string, template: (code: string) => HclFile): HclFile {
  const text = raw.replace(/^\uFEFF/, '')
  const nothing: HclBody = { attributes: [], blocks: [] }
  try {
    JSON.parse(text)
  } catch (error) {
    return { body: nothing, problems: [{ ...placeOf(error, text), message: 'this is not valid JSON' }] }
  }
  const lines = new LineCounter()
  const tokens = [...new Parser(lines.addNewLine).parse(text)]
  const [document] = [
    ...new Composer({ schema: 'json', uniqueKeys: false }).compose(tokens, true, text.length),
  ]
  const root = document?.contents
  if (!isMap(root)) return { body: nothing, problems: [{ line: 1, column: 1, message: 'this is no object' }] }
  const reader = new Reader(lines, template)
  return { body: reader.body(root as Node), problems: [] }
}

/** JSON.parse says the offset in its message, or nothing at all. */
function placeOf(error: unknown, text: string): { line: number; column: number } {
  const at = Number(/position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1] ?? 0)
  const before = text.slice(0, at).split('\n')
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 }
}

/** How many labels a block of each type has. */
const LABELS: Record<string, number> = {
  resource: 2,
  data: 2,
  ephemeral: 2,
  variable: 1,
  output: 1,
  provider: 1,
  module: 1,
  check: 1,
  locals: 0,
  terraform: 0,
  moved: 0,
  import: 0,
  removed: 0,
}

class Reader {
  readonly #lines: LineCounter
  readonly #template: (code: string) => HclFile

  constructor(lines: LineCounter, template: (code: string) => HclFile) {
    this.#lines = lines
    this.#template = template
  }

  /** The top: types of blocks where Terraform knows one, else values (a `.tfvars.json`). */
  body(root: Node): HclBody {
    const attributes: HclAttribute[] = []
    const blocks: HclBlock[] = []
    for (const { key, value, span } of this.#pairs(root)) {
      const labels = LABELS[key]
      if (labels === undefined) attributes.push({ name: key, value: this.#expr(value), span })
      else
        for (const one of isSeq(value) ? value.items : [value])
          this.#blocks(key, [], labels, one, span, blocks)
    }
    return { attributes, blocks }
  }

  #blocks(
    type: string,
    labels: string[],
    left: number,
    value: unknown,
    span: Span,
    blocks: HclBlock[],
  ): void {
    if (!isMap(value)) return
    if (left > 0) {
      for (const pair of this.#pairs(value as Node))
        for (const one of isSeq(pair.value) ? pair.value.items : [pair.value])
          this.#blocks(type, [...labels, pair.key], left - 1, one, pair.span, blocks)
      return
    }
    const attributes = this.#pairs(value as Node)
      .filter(({ key }) => key !== '//')
      .map((pair): HclAttribute => ({ name: pair.key, value: this.#expr(pair.value), span: pair.span }))
    blocks.push({ type, labels, body: { attributes, blocks: [] }, span })
  }

  #pairs(node: Node): { key: string; value: unknown; span: Span }[] {
    if (!isMap(node)) return []
    return node.items.flatMap(({ key, value }) =>
      isScalar(key) ? [{ key: String(key.value), value, span: this.#span(key as Node) }] : [],
    )
  }

  #expr(node: unknown): HclExpr {
    const span = this.#span(node as Node | null)
    if (isSeq(node)) return { kind: 'list', items: node.items.map((item) => this.#expr(item)), span }
    if (isMap(node)) {
      const items = this.#pairs(node as Node).map((pair): HclItem => {
        const key: HclExpr = {
          kind: 'string',
          parts: [{ text: pair.key, span: pair.span }],
          heredoc: false,
          span: pair.span,
        }
        return { key, value: this.#expr(pair.value) }
      })
      return { kind: 'object', items, span }
    }
    const value: unknown = isScalar(node) ? node.value : null
    if (typeof value === 'boolean') return { kind: 'bool', value, span }
    if (typeof value === 'number') return { kind: 'number', text: String(value), span }
    return typeof value === 'string' ? this.#string(value, span) : { kind: 'null', span }
  }

  #string(value: string, span: Span): HclExpr {
    const plain: HclExpr = { kind: 'string', parts: [{ text: value, span }], heredoc: false, span }
    if (!/[$%]\{/.test(value)) return plain
    const read = this.#template(`x = ${JSON.stringify(value).replace(/\\([bf])/g, ' ')}\n`)
    const parsed = read.body.attributes[0]?.value
    return parsed?.kind === 'string'
      ? { ...parsed, span, parts: parsed.parts.map((part): HclPart => at(part, span)) }
      : plain
  }

  #span(node: Node | null): Span {
    const [start = 0, end = start] = node?.range ?? []
    const from = this.#lines.linePos(start)
    const to = this.#lines.linePos(end)
    return { line: from.line, column: from.col, endLine: to.line, endColumn: to.col, start, end }
  }
}

/** Everything inside a string of JSON is reported at the string. */
function at(part: HclPart, span: Span): HclPart {
  return 'text' in part ? { text: part.text, span } : { expr: moved(part.expr, span) }
}

function moved(expr: HclExpr, span: Span): HclExpr {
  switch (expr.kind) {
    case 'string':
      return { ...expr, span, parts: expr.parts.map((part) => at(part, span)) }
    case 'list':
      return { ...expr, span, items: expr.items.map((item) => moved(item, span)) }
    case 'object':
      return {
        ...expr,
        span,
        items: expr.items.map(({ key, value }) => ({ key: moved(key, span), value: moved(value, span) })),
      }
    case 'ref':
    case 'call':
    case 'other':
      return { ...expr, span, children: expr.children.map((child) => moved(child, span)) }
    default:
      return { ...expr, span }
  }
}
