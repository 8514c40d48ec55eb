import {
  attribute,
  attributes,
  expressions,
  type HclBlock,
  type HclExpr,
  type HclFile,
  type Span,
} from '../hcl.ts'

/** One file of Terraform code as it was read. */
export interface SourceFile {
  /** Relative to the folder that is checked. */
  path: string
  text: string
  hcl: HclFile
  /** JSON syntax: found, but not fixed. */
  json: boolean
  /** A link to a file that is checked at its own place: it declares, and has no findings. */
  linked: boolean
}

/** A folder with Terraform code. */
export interface LintModule {
  /** Relative; empty for the folder itself. */
  folder: string
  code: SourceFile[]
  /** `terraform.tfvars`, `*.auto.tfvars`: what Terraform reads by itself. */
  values: SourceFile[]
  /** `*.tftpl`: what code makes configs of. */
  templates: { path: string; text: string }[]
  /** Variables that tazpod binds. */
  bound: ReadonlySet<string>
  /** Whether Terraform is started here: it has values of its own, a backend or a provider. */
  root: boolean
}

export interface Declared {
  name: string
  file: SourceFile
  block: HclBlock
  sensitive: boolean
  required: boolean
}

export function declared(module: LintModule): Declared[] {
  return module.code.flatMap((file) =>
    file.hcl.body.blocks
      .filter(({ type, labels }) => type === 'variable' && labels.length === 1)
      .map((block) => ({
        name: block.labels[0] ?? '',
        file,
        block,
        sensitive: isTrue(attribute(block.body, 'sensitive')),
        required: attribute(block.body, 'default') === undefined,
      })),
  )
}

export interface Use {
  name: string
  file: SourceFile
  span: Span
  /** The blocks around it, outermost first. */
  around: readonly HclBlock[]
}

/** Every `var.NAME` of a module. */
export function uses(module: LintModule): Use[] {
  return module.code.flatMap((file) => {
    const found: Use[] = []
    for (const { attribute: one, around } of attributes(file.hcl.body)) {
      for (const expr of expressions(one.value)) {
        const name = variableOf(expr)
        if (name !== undefined) found.push({ name, file, span: expr.span, around })
      }
    }
    return found
  })
}

export function variableOf(expr: HclExpr): string | undefined {
  return expr.kind === 'ref' && expr.path[0] === 'var' ? expr.path[1] : undefined
}

export function isTrue(expr: HclExpr | undefined): boolean {
  return expr?.kind === 'bool' && expr.value
}

/** Every object inside an expression with the names of the keys that lead to it. */
export function* objects(
  expr: HclExpr,
  path: readonly string[] = [],
): Generator<{ object: Extract<HclExpr, { kind: 'object' }>; path: readonly string[] }> {
  if (expr.kind === 'object') {
    yield { object: expr, path }
    for (const item of expr.items) {
      const name = item.key.kind === 'ref' ? (item.key.path[0] ?? '') : stringKey(item.key)
      yield* objects(item.value, [...path, name])
    }
  } else if (expr.kind === 'list') for (const item of expr.items) yield* objects(item, path)
  else if (expr.kind === 'call' || expr.kind === 'other')
    for (const child of expr.children) yield* objects(child, path)
}

function stringKey(expr: HclExpr): string {
  return expr.kind === 'string' ? expr.parts.map((part) => ('text' in part ? part.text : '')).join('') : ''
}
