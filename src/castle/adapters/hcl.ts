import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Language, Node, Parser } from 'web-tree-sitter'
import { findInstall } from '../../adapters/holder/install.ts'
import type {
  HclAttribute,
  HclBlock,
  HclBody,
  HclExpr,
  HclFile,
  HclPart,
  HclProblem,
  Span,
} from '../core/hcl.ts'
import { readTerraformJson } from '../core/hcl-json.ts'
import { unescapeHcl } from '../core/hcl-text.ts'

/**
 * Reads HCL with the grammar of tree-sitter. The parser is made by the first call (14 ms); commands that read no
 * Terraform code never load it.
 */
export async function hclReader(): Promise<(text: string) => HclFile> {
  const parser = await theParser()
  return (text) => read(parser, text)
}

/** Reads a file that Terraform would: by its name in JSON or in HCL. */
export async function terraformReader(): Promise<(path: string, text: string) => HclFile> {
  const read = await hclReader()
  return (path, text) => (path.endsWith('.json') ? readTerraformJson(text, read) : read(text))
}

let made: Promise<Parser> | undefined

function theParser(): Promise<Parser> {
  made ??= makeParser()
  return made
}

async function makeParser(): Promise<Parser> {
  const dist = join(findInstall().root, 'dist')
  const { Parser, Language } = await import('web-tree-sitter')
  const wasmBinary = await readFile(join(dist, 'web-tree-sitter.wasm'))
  await Parser.init({ wasmBinary })
  const grammar: Language = await Language.load(await readFile(join(dist, 'tree-sitter-terraform.wasm')))
  return new Parser().setLanguage(grammar)
}

/** Deeper nesting is no code that a person wrote, and would exhaust the stack. */
const MAX_DEPTH = 200

function read(parser: Parser, raw: string): HclFile {
  const text = shielded(raw.replace(/^\uFEFF/, ''))
  const tree = parser.parse(text)
  if (tree === null) throw new Error('the HCL parser was stopped')
  try {
    const problems = problemsOf(tree.rootNode)
    if (problems.length > 0) return { body: { attributes: [], blocks: [] }, problems }
    const root = tree.rootNode.namedChildren.find((node) => node?.type === 'body' || node?.type === 'object')
    return { body: bodyOf(root ?? null), problems: [] }
  } finally {
    tree.delete()
  }
}

/**
 * The grammar takes the first two of three `$` in front of a brace for the escape; it is the last two. What stands
 * before them is hidden behind a character that no source has, one for one, so that no place moves.
 */
function shielded(text: string): string {
  return text
    .replace(/\$+(?=\$\$\{)/g, (run) => DOLLAR.repeat(run.length))
    .replace(/%+(?=%%\{)/g, (run) => PERCENT.repeat(run.length))
}

const DOLLAR = '\uF8F0'
const PERCENT = '\uF8F1'

function unshielded(text: string): string {
  return text.replaceAll(DOLLAR, '$').replaceAll(PERCENT, '%')
}

function problemsOf(root: Node): HclProblem[] {
  const problems: HclProblem[] = []
  const walk = (node: Node, depth: number): void => {
    if (problems.length >= 20) return
    const at = { line: node.startPosition.row + 1, column: node.startPosition.column + 1 }
    if (depth > MAX_DEPTH) {
      problems.push({ ...at, message: `nested deeper than ${MAX_DEPTH} levels` })
      return
    }
    if (node.isMissing) problems.push({ ...at, message: `${JSON.stringify(node.type)} is missing here` })
    else if (node.isError) problems.push({ ...at, message: 'this is not valid HCL' })
    else for (const child of node.children) if (child !== null) walk(child, depth + 1)
  }
  walk(root, 0)
  return problems
}

function bodyOf(node: Node | null): HclBody {
  const attributes: HclAttribute[] = []
  const blocks: HclBlock[] = []
  for (const child of node?.namedChildren ?? []) {
    if (child?.type === 'attribute') attributes.push(attributeOf(child))
    else if (child?.type === 'block') blocks.push(blockOf(child))
  }
  return { attributes, blocks }
}

function attributeOf(node: Node): HclAttribute {
  const [name, value] = named(node)
  return {
    name: name?.text ?? '',
    value: value === undefined ? { kind: 'null', span: spanOf(node) } : expressionOf(value),
    span: spanOf(node),
  }
}

function blockOf(node: Node): HclBlock {
  const children = named(node)
  const [type, ...rest] = children
  const labels = rest
    .filter((child) => child.type === 'string_lit' || child.type === 'identifier')
    .map((child) => (child.type === 'identifier' ? child.text : plainString(child)))
  const body = rest.find((child) => child.type === 'body') ?? null
  return { type: type?.text ?? '', labels, body: bodyOf(body), span: spanOf(node) }
}

/** Wrappers that only hold one thing. */
const TRANSPARENT = new Set(['expression', 'literal_value', 'collection_value', 'template_expr', 'for_expr'])

function expressionOf(node: Node): HclExpr {
  const span = spanOf(node)
  const children = named(node)
  const [first] = children
  if (TRANSPARENT.has(node.type) && children.length === 1 && first !== undefined) return expressionOf(first)
  switch (node.type) {
    case 'numeric_lit':
      return { kind: 'number', text: node.text, span }
    case 'bool_lit':
      return { kind: 'bool', value: node.text === 'true', span }
    case 'null_lit':
      return { kind: 'null', span }
    case 'string_lit':
    case 'quoted_template':
    case 'heredoc_template':
      return stringOf(node)
    case 'tuple':
      return { kind: 'list', items: valuesOf(children), span }
    case 'object':
      return {
        kind: 'object',
        items: children.filter(({ type }) => type === 'object_elem').map(itemOf),
        span,
      }
    case 'variable_expr':
      return { kind: 'ref', path: [node.text], children: [], span }
    case 'function_call':
      return callOf(node)
    case 'expression':
      return STEPS.has(children[1]?.type ?? '')
        ? traversal(children, span)
        : { kind: 'other', children: valuesOf(children), span }
    default:
      return { kind: 'other', children: valuesOf(children), span }
  }
}

/** Operators hold a name and what follows it by dots side by side, without a node around them. */
function valuesOf(children: readonly Node[]): HclExpr[] {
  const values: HclExpr[] = []
  for (let at = 0; at < children.length; at++) {
    const first = children[at]
    if (first === undefined || !isValue(first)) continue
    const rest: Node[] = []
    while (STEPS.has(children[at + 1]?.type ?? '')) rest.push(...children.slice(++at, at + 1))
    values.push(rest.length === 0 ? expressionOf(first) : traversal([first, ...rest], spanOver(first, rest)))
  }
  return values
}

const STEPS = new Set(['get_attr', 'index', 'splat'])

function spanOver(first: Node, rest: readonly Node[]): Span {
  const last = spanOf(rest.at(-1) ?? first)
  return { ...spanOf(first), endLine: last.endLine, endColumn: last.endColumn, end: last.end }
}

/** `var.x["a"].b`: the names that follow by dots, up to the first index. */
function traversal(nodes: readonly Node[], span: Span): HclExpr {
  const [first, ...rest] = nodes
  if (first === undefined) return { kind: 'null', span }
  const inner = rest.filter(({ type }) => type !== 'get_attr').flatMap((step) => valuesOf(named(step)))
  if (first.type !== 'variable_expr')
    return { kind: 'other', children: [expressionOf(first), ...inner], span }
  const path = [first.text]
  for (const step of rest) {
    if (step.type !== 'get_attr') break
    path.push(step.namedChildren[0]?.text ?? '')
  }
  return { kind: 'ref', path, children: inner, span }
}

function callOf(node: Node): HclExpr {
  const children = named(node)
  const args = children.filter(({ type }) => type === 'function_arguments')
  const name = children
    .filter(({ type }) => type === 'identifier')
    .map(({ text }) => text)
    .join('::')
  return {
    kind: 'call',
    name,
    children: args.flatMap((arg) => valuesOf(named(arg))),
    span: spanOf(node),
  }
}

function itemOf(node: Node): { key: HclExpr; value: HclExpr } {
  const [key, value] = named(node)
  const empty: HclExpr = { kind: 'null', span: spanOf(node) }
  return {
    key: key === undefined ? empty : expressionOf(key),
    value: value === undefined ? empty : expressionOf(value),
  }
}

/**
 * A string from the source itself: the grammar treats white space at its ends as nothing. A heredoc keeps its
 * indentation, and ends with the newline before its closing word.
 */
function stringOf(node: Node): HclExpr {
  const heredoc = node.type === 'heredoc_template'
  const { text, startIndex: start } = node
  const children = node.children.filter((child): child is Node => child !== null)
  const first = heredoc ? children.find(({ type }) => type === 'heredoc_identifier') : children[0]
  let at = (first?.endIndex ?? start) - start
  let end = (children.at(-1)?.startIndex ?? start) - start
  if (heredoc) {
    at = text.indexOf('\n', at) + 1
    end = text.lastIndexOf('\n', end - 1) + 1
  }
  const parts: HclPart[] = []
  const literal = (until: number) => {
    if (until <= at) return
    const raw = text.slice(at, until)
    parts.push({
      text: unshielded(heredoc ? raw : unescapeHcl(raw)),
      span: spanWithin(node, text, at, until),
    })
  }
  for (const child of children) {
    if (!/^template_(interpolation|directive|if|for)/.test(child.type)) continue
    literal(child.startIndex - start)
    parts.push({ expr: expressionOf(child) })
    at = child.endIndex - start
  }
  literal(end)
  return { kind: 'string', parts, heredoc, span: spanOf(node) }
}

/** The place of a piece of a node's text. */
function spanWithin(node: Node, text: string, from: number, to: number): Span {
  const place = (offset: number): [number, number] => {
    const before = text.slice(0, offset)
    const lines = before.split('\n')
    const column = (lines.at(-1) ?? '').length
    const { row, column: first } = node.startPosition
    return [row + lines.length, lines.length === 1 ? first + column + 1 : column + 1]
  }
  const [line, column] = place(from)
  const [endLine, endColumn] = place(to)
  const { startIndex } = node
  return { line, column, endLine, endColumn, start: startIndex + from, end: startIndex + to }
}

function plainString(node: Node): string {
  return unshielded(unescapeHcl(node.text.slice(1, -1)))
}

/** Punctuation and comments are no values. */
function isValue(node: Node): boolean {
  return !/^(comment|.*_start|.*_end|ellipsis)$/.test(node.type)
}

function named(node: Node): Node[] {
  return node.namedChildren.filter((child): child is Node => child !== null && child.type !== 'comment')
}

function spanOf(node: Node): Span {
  return {
    line: node.startPosition.row + 1,
    column: node.startPosition.column + 1,
    endLine: node.endPosition.row + 1,
    endColumn: node.endPosition.column + 1,
    start: node.startIndex,
    end: node.endIndex,
  }
}
