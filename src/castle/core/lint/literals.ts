import {
  attributes,
  childExpressions,
  type HclBlock,
  type HclExpr,
  keyOf,
  type Span,
  textOf,
} from '../hcl.ts'
import { type Finding, type Fix, finding, type RuleId } from './finding.ts'
import type { LintModule, SourceFile } from './module.ts'
import { secretIn } from './secret-values.ts'
import { ROTATE } from './templates.ts'

/** Values of one castle that stand in code which is the same for all. */
export function literalFindings(module: LintModule): Finding[] {
  return module.code
    .filter(({ linked }) => !linked)
    .flatMap((file) => {
      const found: Finding[] = []
      for (const { attribute, around } of attributes(file.hcl.body)) {
        if (!isPlaceForLiterals(attribute.name, around))
          look({ file, around, name: attribute.name }, attribute.value, found)
      }
      return found
    })
}

interface Where {
  file: SourceFile
  around: readonly HclBlock[]
  /** Name of the attribute or key that holds the value. */
  name: string
}

/** Where Terraform itself demands a literal, and texts for people. */
function isPlaceForLiterals(name: string, around: readonly HclBlock[]): boolean {
  const [outer] = around
  const inner = around.at(-1)
  if (around.some(({ type }) => type === 'required_providers' || type === 'validation')) return true
  if (['description', 'error_message', 'version', 'required_version'].includes(name)) return true
  if (outer?.type === 'module' && name === 'source' && inner === outer) return true
  return outer?.type === 'moved' || outer?.type === 'import' || outer?.type === 'removed'
}

/** Patterns are no addresses, whatever they match. */
const PATTERN_CALLS = new Set(['regex', 'regexall', 'startswith', 'endswith', 'strcontains', 'timestamp'])

function look(where: Where, expr: HclExpr, found: Finding[]): void {
  if (expr.kind === 'call' && PATTERN_CALLS.has(expr.name)) return
  if (expr.kind === 'object') {
    for (const item of expr.items) look({ ...where, name: keyOf(item) ?? where.name }, item.value, found)
    return
  }
  if (expr.kind !== 'string') {
    for (const child of childExpressions(expr)) look(where, child, found)
    return
  }
  const slug = slugIn(where, expr)
  let previous: HclExpr | undefined
  let any = false
  for (const part of expr.parts) {
    if ('expr' in part) {
      look(where, part.expr, found)
      previous = part.expr
      continue
    }
    const hit = literalIn(part.text, where.name, part === expr.parts[0] && previous === undefined)
    if (hit !== undefined) {
      any = true
      found.push(report(where, hit.rule, expr, placeOf(part, hit.at, hit.length)))
    }
  }
  if (!any && slug) found.push(report(where, 'literal-slug', expr, expr.span))
}

function placeOf(part: { text: string; span: Span }, at: number, length: number): Span {
  const { span, text } = part
  // With escapes in it the text is shorter than its source: then the whole piece is shown.
  if (span.end - span.start !== text.length || text.includes('\n')) return at === 0 ? span : lineOf(part, at)
  return {
    ...span,
    column: span.column + at,
    endColumn: span.column + at + length,
    start: span.start + at,
    end: span.start + at + length,
  }
}

/** The line of a heredoc that holds the match. */
function lineOf({ text, span }: { text: string; span: Span }, at: number): Span {
  const before = text.slice(0, at).split('\n')
  const line = span.line + before.length - 1
  const column = before.length === 1 ? span.column + at : (before.at(-1) ?? '').length + 1
  return { ...span, line, column, endLine: line, endColumn: column + 1 }
}

const NAMES: Record<string, string> = {
  'literal-url': 'an address',
  'literal-ip': 'a network address',
  'literal-host': 'a host name',
  'literal-uuid': 'an id',
  'literal-token': 'something that looks like a secret',
  'literal-path': 'a path',
  'literal-slug': 'the name of a project, environment or folder',
}

function report(where: Where, rule: RuleId, expr: HclExpr, span: Span): Finding {
  const secret = rule === 'literal-token'
  const message = `${where.name} holds ${NAMES[rule]}`
  const help = secret ? ROTATE : `use a variable and set it in terraform.tfvars`
  const fix = secret ? undefined : extraction(where, expr)
  return finding(rule, 'error', where.file.path, span, message, help, fix)
}

/** A whole quoted string can move into a variable; a part of one, or a default, needs a person. */
function extraction({ file, around, name }: Where, expr: HclExpr): Fix | undefined {
  const value = textOf(expr)
  if (file.json || value === undefined || (expr.kind === 'string' && expr.heredoc)) return undefined
  const [outer] = around
  if (outer === undefined || ['variable', 'terraform'].includes(outer.type)) return undefined
  const from = outer.labels.at(-1) ?? outer.type
  const word = (text: string) =>
    text
      .replace(/[^A-Za-z0-9_]+/g, '_')
      .replace(/^(\d)/, '_$1')
      .toLowerCase()
  const variable = word(['this', 'main', 'default'].includes(from) ? name : `${from}_${name}`)
  return { kind: 'extract', start: expr.span.start, end: expr.span.end, name: variable, value }
}

function slugIn({ name }: Where, expr: HclExpr): boolean {
  const text = textOf(expr)
  return text !== undefined && text !== '' && text !== '/' && SLUG_NAME.test(name)
}

const SLUG_NAME =
  /(^|_)(slug|workspace_id|project_id|folder_path|secret_path)$|(projectSlug|environmentSlug|organizationSlug|secretsPath|workspaceSlug)$/

interface Hit {
  rule: RuleId
  at: number
  length: number
}

/** The first literal in a piece of text, the most telling kind first. `first`: the piece begins the string. */
function literalIn(text: string, name: string, first: boolean): Hit | undefined {
  const secret = secretIn(name, text)
  if (secret !== undefined) return { rule: 'literal-token', ...secret }
  const hit = (rule: RuleId, match: RegExpExecArray | null): Hit | undefined =>
    match === null ? undefined : { rule, at: match.index, length: match[0].length }
  return (
    hit('literal-url', URL_PATTERN.exec(text)) ??
    hit('literal-uuid', UUID.exec(text)) ??
    hit('literal-ip', address(text)) ??
    hit('literal-host', hostName(text, name)) ??
    (first ? hit('literal-path', pathIn(text)) : undefined)
  )
}

const URL_PATTERN = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'<>]+/i
const UUID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/i

/** Addresses that mean the same everywhere. */
const EVERYWHERE = /^(0\.0\.0\.0|127\.\d+\.\d+\.\d+|255\.255\.255\.255)(\/\d+)?$/

function address(text: string): RegExpExecArray | null {
  const v4 = /(?<![\d.\w-])(?:\d{1,3}\.){3}\d{1,3}(?:\/\d{1,2})?(?![\d.\w-])/g
  for (let match = v4.exec(text); match !== null; match = v4.exec(text)) {
    const octets = (match[0].split('/')[0] ?? '').split('.')
    if (octets.every((octet) => Number(octet) < 256) && !EVERYWHERE.test(match[0])) return match
  }
  const mac = /(?<![\w:])(?:[0-9a-f]{2}:){5}[0-9a-f]{2}(?![\w:])/i.exec(text)
  if (mac !== null) return mac
  const v6 = /(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:\/\d{1,3})?(?![\w:.])/i.exec(text)
  const plain = v6?.[0].split('/')[0] ?? ''
  return v6 !== null && plain !== '::' && plain !== '::1' && URL.canParse(`http://[${plain}]`) ? v6 : null
}

/** Keys whose values are dotted words of another kind. */
const NO_HOST =
  /^(apiVersion|api_version|kind|group|type|image|chart|name|key|interface|filename|file|file_id)$/
const HOST_NAME_KEY = /(host|server|domain|endpoint|address|fqdn|url)s?$/i
const TOP_LEVEL =
  /\.(com|org|net|io|dev|eu|de|it|fr|uk|us|ch|at|nl|es|lan|local|internal|intranet|corp|home|arpa|cloud|app|sh|me|info|biz|xyz|tech|site|online)$/i

function hostName(text: string, name: string): RegExpExecArray | null {
  const match = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9](?::\d{1,5})?$/i.exec(
    text,
  )
  if (match === null || NO_HOST.test(name)) return null
  const bare = text.replace(/:\d+$/, '')
  // Names that are the same in every cluster, and kinds of things that are no hosts (`Microsoft.Storage`).
  if (/(^|\.)cluster\.local$/.test(bare) || /^[A-Z]\w*\.[A-Z]/.test(bare)) return null
  return TOP_LEVEL.test(bare) || HOST_NAME_KEY.test(name) ? match : null
}

/** A path of the machine that a person sits at. `/healthz` and `/var/lib/etcd` are the same for everybody. */
function pathIn(text: string): RegExpExecArray | null {
  return /^(?:\/(?:home|Users|root|mnt|media)\/|~\/|\.\.\/)[^\s]*/.exec(text)
}
