import { attribute, expressions, type HclBlock, textOf } from '../hcl.ts'
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

const SECRET =
  /(^|_)(password|passwd|passphrase|secret|token|api_?key|private_key|access_key|secretbox_key|encryption_key|client_id|credentials?|kubeconfig|talosconfig)(_|$)/
const ABOUT =
  /_(names?|path|file|namespace|url|version|revision|ttl|length|slug|enabled|ref|key_name|host|project)$/

/** Whether a variable of this name holds a secret, and not something about one. */
export function isSecretVariable(name: string): boolean {
  return SECRET.test(name) && !ABOUT.test(name)
}

export function secretFindings(module: LintModule): Finding[] {
  const variables = declared(module)
  const used = uses(module)
  const secrets = new Set(
    variables.filter(({ name, sensitive }) => sensitive || isSecretVariable(name)).map(({ name }) => name),
  )
  return [
    ...variables.filter(({ file }) => !file.linked).flatMap((one) => ofVariable(one, used)),
    ...outputs(module, secrets),
    ...committed(module, secrets),
  ]
}

function ofVariable({ name, file, block, sensitive }: Declared, used: readonly Use[]): Finding[] {
  const found: Finding[] = []
  const at = { line: block.span.line, column: block.span.column }
  const secret = sensitive || isSecretVariable(name)
  if (isSecretVariable(name) && !sensitive)
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
  if (secret && fallback !== undefined && fallback.kind !== 'null' && textOf(fallback) !== '')
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
        .filter(({ name, value }) => (secrets.has(name) || isSecretVariable(name)) && textOf(value) !== '')
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
