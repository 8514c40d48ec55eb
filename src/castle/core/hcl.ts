/**
 * Terraform code as plain data: what `adapters/hcl.ts` makes of `.tf`, `.tfvars` and their JSON forms. Lines and
 * columns count from 1, columns and offsets in UTF-16 units.
 */
export interface Span {
  line: number
  column: number
  endLine: number
  endColumn: number
  start: number
  end: number
}

export type HclExpr =
  | { kind: 'string'; parts: HclPart[]; heredoc: boolean; span: Span }
  | { kind: 'number'; text: string; span: Span }
  | { kind: 'bool'; value: boolean; span: Span }
  | { kind: 'null'; span: Span }
  | { kind: 'list'; items: HclExpr[]; span: Span }
  | { kind: 'object'; items: HclItem[]; span: Span }
  /** A name with what follows it by dots: `var.x`, `local.a.b`. Index expressions follow in `children`. */
  | { kind: 'ref'; path: string[]; children: HclExpr[]; span: Span }
  | { kind: 'call'; name: string; children: HclExpr[]; span: Span }
  | { kind: 'other'; children: HclExpr[]; span: Span }

/** A piece of a string: literal text with its escapes resolved, or an interpolation. */
export type HclPart = { text: string; span: Span } | { expr: HclExpr }

export interface HclItem {
  key: HclExpr
  value: HclExpr
}

export interface HclAttribute {
  name: string
  value: HclExpr
  span: Span
}

export interface HclBlock {
  type: string
  labels: string[]
  body: HclBody
  span: Span
}

export interface HclBody {
  attributes: HclAttribute[]
  blocks: HclBlock[]
}

export interface HclProblem {
  line: number
  column: number
  message: string
}

export interface HclFile {
  body: HclBody
  problems: HclProblem[]
}

/** The text of a string without interpolation; undefined for everything else. */
export function textOf(expr: HclExpr | undefined): string | undefined {
  if (expr?.kind !== 'string') return undefined
  let text = ''
  for (const part of expr.parts) {
    if (!('text' in part)) return undefined
    text += part.text
  }
  return text
}

/** The name of a key of an object: a word or a string. */
export function keyOf(item: HclItem): string | undefined {
  const { key } = item
  return key.kind === 'ref' && key.path.length === 1 && key.children.length === 0 ? key.path[0] : textOf(key)
}

/** A value without references as plain data; undefined where something has to be computed. */
export function literal(expr: HclExpr): unknown {
  switch (expr.kind) {
    case 'string':
      return textOf(expr)
    case 'number':
      return Number(expr.text)
    case 'bool':
      return expr.value
    case 'null':
      return null
    case 'list':
      return expr.items.map(literal)
    case 'object':
      return Object.fromEntries(expr.items.map((item) => [keyOf(item) ?? '', literal(item.value)]))
    default:
      return undefined
  }
}

/** An expression and all below it, outermost first. */
export function* expressions(expr: HclExpr): Generator<HclExpr> {
  yield expr
  for (const child of childExpressions(expr)) yield* expressions(child)
}

/** What an expression is made of. A plain word as a key of an object is no expression. */
export function childExpressions(expr: HclExpr): HclExpr[] {
  switch (expr.kind) {
    case 'string':
      return expr.parts.flatMap((part) => ('expr' in part ? [part.expr] : []))
    case 'list':
      return expr.items
    case 'object':
      return expr.items.flatMap(({ key, value }) =>
        key.kind === 'ref' && key.path.length === 1 ? [value] : [key, value],
      )
    case 'ref':
    case 'call':
    case 'other':
      return expr.children
    default:
      return []
  }
}

/** Every attribute of a body and of the blocks in it, with the blocks around it, outermost first. */
export function* attributes(
  body: HclBody,
  around: readonly HclBlock[] = [],
): Generator<{ attribute: HclAttribute; around: readonly HclBlock[] }> {
  for (const attribute of body.attributes) yield { attribute, around }
  for (const block of body.blocks) yield* attributes(block.body, [...around, block])
}

export function attribute(body: HclBody, name: string): HclExpr | undefined {
  return body.attributes.find((one) => one.name === name)?.value
}
