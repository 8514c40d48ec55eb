import { isMap, isScalar, type Node, parseAllDocuments } from 'yaml'
import {
  attribute,
  attributes,
  expressions,
  type HclExpr,
  type HclFile,
  type Span,
  textOf,
} from '../../castle/core/hcl.ts'
import { type TextEdit, withEdits } from '../../core/text/edits.ts'

/** A file that reads SOPS files, and what it becomes. */
export interface Rewritten {
  path: string
  text: string
  /** What was changed, for people. */
  changes: string[]
}

/** A place that only a person can change. */
export interface ByHand {
  path: string
  line: number
  what: string
}

/** The name of a variable of Terraform for a secret. */
function variableFor(secret: string): string {
  return secret.toLowerCase()
}

interface TerraformInput {
  path: string
  text: string
  hcl: HclFile
}

/**
 * Terraform code without SOPS: `data.sops_file.X.data["a.b"]` becomes a variable, the data source, the provider and
 * its requirement go. `nameOf` says which secret a value of a file became.
 */
export function rewriteTerraform(
  files: readonly TerraformInput[],
  nameOf: (sourceFile: string, place: string) => string | undefined,
): { files: Rewritten[]; byHand: ByHand[]; variables: { variable: string; secret: string }[] } {
  const sources = new Map<string, string>()
  for (const { hcl } of files)
    for (const { type, labels, body } of hcl.body.blocks)
      if (type === 'data' && labels[0] === 'sops_file')
        sources.set(labels[1] ?? '', tailOf(attribute(body, 'source_file')))
  const variables = new Map<string, string>()
  const byHand: ByHand[] = []
  const out = files.map(({ path, text, hcl }): Rewritten => {
    const edits: { start: number; end: number; text: string }[] = []
    const changes: string[] = []
    for (const { attribute: one } of attributes(hcl.body)) {
      for (const expr of expressions(one.value)) {
        if (expr.kind !== 'ref' || expr.path[0] !== 'data' || expr.path[1] !== 'sops_file') continue
        const secret = secretOf(expr, sources, nameOf)
        if (secret === undefined)
          byHand.push({ path, line: expr.span.line, what: text.slice(expr.span.start, expr.span.end) })
        else {
          variables.set(variableFor(secret), secret)
          edits.push({ ...cut(expr.span), text: `var.${variableFor(secret)}` })
          changes.push(`${path}:${expr.span.line}: var.${variableFor(secret)}`)
        }
      }
    }
    for (const block of hcl.body.blocks) {
      const isSource = block.type === 'data' && block.labels[0] === 'sops_file'
      const isProvider = block.type === 'provider' && block.labels[0] === 'sops'
      if (isSource || isProvider) {
        edits.push({ ...wholeLines(block.span, text), text: '' })
        changes.push(`${path}:${block.span.line}: without ${block.type} ${block.labels.join(' ')}`)
      }
      if (block.type === 'terraform')
        for (const inner of block.body.blocks.filter(({ type }) => type === 'required_providers'))
          for (const provider of inner.body.attributes.filter(({ name }) => name === 'sops')) {
            edits.push({ ...wholeLines(provider.span, text), text: '' })
            changes.push(`${path}:${provider.span.line}: without the provider sops`)
          }
    }
    return { path, text: applied(text, edits), changes }
  })
  return {
    files: out.filter(({ changes }) => changes.length > 0),
    byHand,
    variables: [...variables].map(([variable, secret]) => ({ variable, secret })),
  }
}

/** `"${path.module}/x.enc.yaml"` and `"./x.enc.yaml"` → `x.enc.yaml` */
function tailOf(expr: HclExpr | undefined): string {
  const whole = textOf(expr)
  if (whole !== undefined) return whole.replace(/^\.\//, '')
  if (expr?.kind !== 'string') return ''
  const last = expr.parts.at(-1)
  return last !== undefined && 'text' in last ? last.text.replace(/^\/+/, '') : ''
}

function secretOf(
  expr: Extract<HclExpr, { kind: 'ref' }>,
  sources: ReadonlyMap<string, string>,
  nameOf: (sourceFile: string, place: string) => string | undefined,
): string | undefined {
  const [, , label = '', field] = expr.path
  const source = sources.get(label)
  const [index, more] = expr.children.flatMap((child) => (child.kind === 'other' ? child.children : [child]))
  const key = textOf(index)
  if (source === undefined || field !== 'data' || expr.path.length !== 4) return undefined
  return key === undefined || more !== undefined ? undefined : nameOf(source, key)
}

function cut({ start, end }: Span): { start: number; end: number } {
  return { start, end }
}

/** The lines of a block, with one empty line before it, so that formatted code stays formatted. */
function wholeLines({ start, end }: Span, text: string): { start: number; end: number } {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const lineEnd = text.indexOf('\n', end)
  const from = text.slice(0, lineStart).endsWith('\n\n') ? lineStart - 1 : lineStart
  return { start: from, end: lineEnd < 0 ? text.length : lineEnd + 1 }
}

function applied(text: string, edits: TextEdit[]): string {
  const sorted = edits.sort((a, b) => b.start - a.start || b.end - a.end)
  return withEdits(text, sorted).text.replace(/^\n+/, '')
}

/** Flux's Kustomizations without `spec.decryption`: the lines go, everything else stays as it is written. */
export function rewriteFlux(path: string, text: string): Rewritten | undefined {
  if (!text.includes('decryption:') || !text.includes('kustomize.toolkit.fluxcd.io')) return undefined
  const parsed = parseAllDocuments(text, { logLevel: 'silent', uniqueKeys: false })
  if (!Array.isArray(parsed)) return undefined
  const edits: { start: number; end: number; text: string }[] = []
  for (const document of parsed) {
    const root = document.contents
    if (document.errors.length > 0 || !isMap(root) || String(root.get('kind')) !== 'Kustomization') continue
    const spec = root.get('spec')
    if (!isMap(spec)) continue
    const pair = spec.items.find(({ key }) => isScalar(key) && key.value === 'decryption')
    const start = (pair?.key as Node | undefined)?.range?.[0]
    const end = (pair?.value as Node | null | undefined)?.range?.[1]
    if (start === undefined || end === undefined || spec.flow === true) continue
    const from = text.lastIndexOf('\n', start - 1) + 1
    const newline = text.indexOf('\n', end - 1)
    edits.push({ start: from, end: newline < 0 ? text.length : newline + 1, text: '' })
  }
  if (edits.length === 0) return undefined
  const next = withEdits(text, edits.reverse()).text
  return { path, text: next, changes: [`${path}: without spec.decryption`] }
}
