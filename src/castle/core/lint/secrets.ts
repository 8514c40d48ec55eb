import { attribute, expressions, type HclBlock, type HclExpr, keyOf, textOf } from '../hcl.ts'
import { isSecretsFile } from '../terraform-files.ts'
import { type Finding, type Fix, finding } from './finding.ts'
import {
  type Declared,
  declared,
  isTrue,
  type LintModule,
  type SourceFile,
  type Use,
  uses,
  variableOf,
} from './module.ts'
import { isAboutSecret, isSecretValue, namesSecret } from './secret-values.ts'

export function secretFindings(module: LintModule): Finding[] {
  const variables = declared(module)
  const used = uses(module)
  const secrets = new Set(variables.filter(isSecret).map(({ name }) => name))
  return [
    ...variables.filter(({ file }) => !file.linked).flatMap((one) => ofVariable(one, used)),
    ...outputs(module, secrets),
    ...committed(module, secrets),
  ]
}

/** Marked, or called like one; a marked path or lifetime of one is private, and nothing to rotate. */
function isSecret({ name, sensitive }: Pick<Declared, 'name' | 'sensitive'>): boolean {
  return sensitive ? !isAboutSecret(name) : namesSecret(name)
}

function ofVariable({ name, file, block, sensitive }: Declared, used: readonly Use[]): Finding[] {
  const found: Finding[] = []
  const at = { line: block.span.line, column: block.span.column }
  if (namesSecret(name) && !sensitive)
    found.push(
      finding(
        'secret-not-sensitive',
        'error',
        file.path,
        at,
        `${name} is a secret and not marked`,
        'add sensitive = true',
        marking(file, block),
      ),
    )
  const fallback = attribute(block.body, 'default')
  if (fallback !== undefined && isGiven({ name, sensitive }, fallback))
    found.push(
      finding(
        'secret-default',
        'error',
        file.path,
        fallback.span,
        `${name} has a default in the code`,
        'rotate it, remove the default, and bind the new value in tazpod.yaml',
      ),
    )
  const rule = block.body.blocks.find(({ type }) => type === 'validation')
  if (rule !== undefined && isSecret({ name, sensitive }))
    found.push(
      finding(
        'secret-validation',
        'warning',
        file.path,
        { line: rule.span.line, column: rule.span.column },
        `terraform quotes the value of ${name} when this rule fails, sensitive or not`,
        'put the condition into a precondition of a resource: that one names the rule only',
      ),
    )
  if (sensitive && !isTrue(attribute(block.body, 'ephemeral')) && onlyInProviders(name, used))
    found.push(
      finding(
        'secret-could-be-ephemeral',
        'note',
        file.path,
        at,
        `${name} is used by providers only, and still kept in saved plans`,
        'add ephemeral = true (Terraform 1.10)',
      ),
    )
  return found
}

/**
 * Whether a value is one that would have to be rotated: of what is marked or called a secret, everything but a path and
 * a placeholder. Of an object each part is asked, by its own key.
 */
function isGiven(variable: Pick<Declared, 'name' | 'sensitive'>, value: HclExpr): boolean {
  const text = textOf(value)
  if (text !== undefined)
    return isSecretValue(variable.name, text) || (isSecret(variable) && isSecretValue('password', text))
  if (value.kind === 'object')
    return value.items.some((item) =>
      isGiven({ name: keyOf(item) ?? variable.name, sensitive: false }, item.value),
    )
  if (value.kind === 'list') return value.items.some((item) => isGiven(variable, item))
  return false
}

function onlyInProviders(name: string, used: readonly Use[]): boolean {
  const around = used
    .filter((use) => use.name === name)
    .map((use) => use.around[0]?.type)
    .filter((type) => type !== 'variable')
  return around.length > 0 && around.every((type) => type === 'provider')
}

function outputs(module: LintModule, secrets: ReadonlySet<string>): Finding[] {
  return module.code
    .filter(({ linked }) => !linked)
    .flatMap((file) =>
      file.hcl.body.blocks
        .filter(({ type, body }) => type === 'output' && !isTrue(attribute(body, 'sensitive')))
        .flatMap((block) => {
          const value = attribute(block.body, 'value')
          if (value === undefined || !revealsSecret(value, secrets)) return []
          const words = `output ${block.labels[0] ?? ''} shows a secret`
          return [
            finding(
              'secret-not-sensitive',
              'error',
              file.path,
              { line: block.span.line, column: block.span.column },
              words,
              'add sensitive = true',
              marking(file, block),
            ),
          ]
        }),
    )
}

/** Attributes of resources that are credentials whatever the resource is called. */
const SECRET_ATTRIBUTE =
  /^(kubeconfig_raw|talos_config|machine_secrets|client_configuration|password|private_key)$/
/** What comes out of these is no secret any more. */
const DIGESTS = new Set(['nonsensitive', 'sha256', 'sha512', 'md5', 'sha1', 'length'])

function revealsSecret(value: Parameters<typeof expressions>[0], secrets: ReadonlySet<string>): boolean {
  if (value.kind === 'call' && DIGESTS.has(value.name)) return false
  for (const expr of expressions(value)) {
    const name = variableOf(expr)
    if (name !== undefined && secrets.has(name)) return true
    if (expr.kind === 'ref' && expr.path.slice(2).some((step) => SECRET_ATTRIBUTE.test(step))) return true
  }
  return false
}

/** `sensitive = true` as a group of its own, so that the alignment of the others stays right. */
function marking(file: SourceFile, block: HclBlock): Fix | undefined {
  if (file.json) return undefined
  const { start, end, line, endLine } = block.span
  const text = file.text.slice(start, end)
  const existing = block.body.attributes.find(({ name }) => name === 'sensitive')
  if (existing !== undefined)
    return { kind: 'edit', start: existing.value.span.start, end: existing.value.span.end, text: 'true' }
  const inside = text.slice(text.indexOf('{') + 1, -1).trim()
  if (line === endLine) {
    const head = text.slice(0, text.indexOf('{') + 1)
    const body = inside === '' ? '' : `  ${inside}\n\n`
    return { kind: 'edit', start, end, text: `${head}\n${body}  sensitive = true\n}` }
  }
  const gap = inside === '' ? '' : '\n'
  return { kind: 'edit', start: end - 1, end: end - 1, text: `${gap}  sensitive = true\n` }
}

/** A value in a committed file is in git, and beats what tazpod injects as TF_VAR_…. */
function committed(module: LintModule, secrets: ReadonlySet<string>): Finding[] {
  return module.values
    .filter(({ path, linked }) => !linked && !isSecretsFile(path))
    .flatMap(({ path, hcl }) =>
      hcl.body.attributes
        .filter(({ name, value }) => isGiven({ name, sensitive: secrets.has(name) }, value))
        .map(({ name, span }) =>
          finding(
            'secret-in-tfvars',
            'error',
            path,
            span,
            `${name} is a secret, and this file is committed`,
            'rotate it, remove the line, and bind the new value in tazpod.yaml',
          ),
        ),
    )
}
