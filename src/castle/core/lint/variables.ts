import { attribute, type HclBlock, textOf } from '../hcl.ts'
import { type Finding, finding } from './finding.ts'
import { type Declared, declared, type LintModule, uses } from './module.ts'

/** Variables that are used, declared, set and given, or not. `modules` are all that were found. */
export function variableFindings(module: LintModule, modules: readonly LintModule[]): Finding[] {
  const variables = declared(module)
  const known = new Set(variables.map(({ name }) => name))
  const used = new Set<string>()
  const found: Finding[] = []
  for (const use of uses(module)) {
    // Its own validation is no use of a variable.
    const own = use.around[0]
    if (!(own?.type === 'variable' && own.labels[0] === use.name)) used.add(use.name)
    if (!known.has(use.name) && !use.file.linked)
      found.push(
        finding(
          'variable-undeclared',
          'error',
          use.file.path,
          use.span,
          `var.${use.name} is not declared`,
          `declare it in variables.tf`,
        ),
      )
  }
  found.push(...declarations(module, variables, used), ...values(module, known))
  for (const file of module.code)
    for (const block of file.hcl.body.blocks)
      if (block.type === 'module' && !file.linked) found.push(...inputs(module, file.path, block, modules))
  return found
}

function declarations(
  module: LintModule,
  variables: readonly Declared[],
  used: ReadonlySet<string>,
): Finding[] {
  const set = new Set([
    ...module.bound,
    ...module.values.flatMap(({ hcl }) => hcl.body.attributes.map(({ name }) => name)),
  ])
  const seen = new Set<string>()
  return variables.flatMap(({ name, file, block, required }) => {
    if (file.linked) return []
    const at = { ...block.span, endLine: block.span.line, endColumn: block.span.column }
    const say = (
      rule: Parameters<typeof finding>[0],
      severity: 'error' | 'warning',
      words: string,
      help: string,
    ) => finding(rule, severity, file.path, at, words, help)
    const found: Finding[] = []
    if (seen.has(name)) found.push(say('variable-twice', 'error', `${name} is declared twice`, 'remove one'))
    seen.add(name)
    if (attribute(block.body, 'type') === undefined)
      found.push(say('variable-untyped', 'warning', `${name} has no type`, 'add type = …'))
    if (!used.has(name)) found.push(say('variable-unused', 'warning', `${name} is never used`, 'remove it'))
    if (module.root && required && !set.has(name))
      found.push(
        say(
          'variable-unset',
          'error',
          `${name} has neither a default nor a value`,
          'set it in terraform.tfvars, or bind it in tazpod.yaml when it is a secret',
        ),
      )
    return found
  })
}

function values(module: LintModule, known: ReadonlySet<string>): Finding[] {
  return module.values
    .filter(({ linked }) => !linked)
    .flatMap(({ path, hcl }) =>
      hcl.body.attributes
        .filter(({ name }) => !known.has(name))
        .map(({ name, span }) =>
          finding(
            'variable-undeclared',
            'error',
            path,
            span,
            `${name} is set, but not declared`,
            'declare it in variables.tf, or remove it',
          ),
        ),
    )
}

/** What the module itself takes, beside its variables. */
const META = new Set(['source', 'version', 'providers', 'count', 'for_each', 'depends_on'])

function inputs(
  module: LintModule,
  path: string,
  block: HclBlock,
  modules: readonly LintModule[],
): Finding[] {
  const source = textOf(attribute(block.body, 'source'))
  if (source === undefined || !/^\.\.?\//.test(source)) return []
  const folder = joined(module.folder, source)
  const target = modules.find((one) => one.folder === folder)
  if (target === undefined) return []
  const variables = declared(target)
  const given = block.body.attributes.filter(({ name }) => !META.has(name))
  const unknown = given.filter(({ name }) => !variables.some((one) => one.name === name))
  const missing = variables.filter(
    ({ name, required }) => required && !given.some((one) => one.name === name),
  )
  const label = block.labels[0] ?? ''
  return [
    ...unknown.map(({ name, span }) =>
      finding('module-input', 'error', path, span, `module ${label} has no variable ${name}`, 'remove it'),
    ),
    ...missing.map(({ name }) =>
      finding(
        'module-input',
        'error',
        path,
        { line: block.span.line, column: block.span.column },
        `module ${label} needs ${name}`,
        `add ${name} = …`,
      ),
    ),
  ]
}

function joined(folder: string, source: string): string {
  const steps = folder === '' ? [] : folder.split('/')
  for (const step of source.split('/')) {
    if (step === '..') steps.pop()
    else if (step !== '.' && step !== '') steps.push(step)
  }
  return steps.join('/')
}
