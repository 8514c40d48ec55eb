import { withAppended, withEdits } from '../../../core/text/edits.ts'
import { alignedLines, type HclLine, hclString } from '../hcl-text.ts'
import type { Finding } from './finding.ts'
import { declared, type LintModule } from './module.ts'

export interface FixedFile {
  path: string
  text: string
}

/**
 * The files of a module after what `--fix` can do. A literal becomes a variable, declared in variables.tf and set in
 * terraform.tfvars; one value gets one variable. Edits that overlap are left for the next run.
 */
export function fixModule(
  module: LintModule,
  findings: readonly Finding[],
): { files: FixedFile[]; fixed: number } {
  const texts = new Map([...module.code, ...module.values].map(({ path, text }) => [path, text]))
  const mine = findings.filter(
    ({ file, fix }) => texts.has(file) && fix !== undefined && fix.kind !== 'ignore',
  )
  const taken = new Map(declared(module).map(({ name }): [string, string | undefined] => [name, undefined]))
  const added: { name: string; value: string }[] = []
  const edits = mine.map((one) => {
    const { fix } = one
    if (fix?.kind !== 'extract')
      return { ...(fix as { start: number; end: number; text: string }), file: one.file }
    const name = nameFor(fix.name, fix.value, taken)
    if (!added.some((known) => known.name === name)) added.push({ name, value: fix.value })
    return { file: one.file, start: fix.start, end: fix.end, text: `var.${name}` }
  })
  const changed = new Set<string>()
  let fixed = 0
  for (const [path, text] of texts) {
    const next = withEdits(
      text,
      edits.filter(({ file }) => file === path).sort((a, b) => b.start - a.start),
    )
    fixed += next.done
    if (next.text !== text) changed.add(path)
    texts.set(path, next.text)
  }
  append(module, texts, changed, added)
  return { files: [...changed].map((path) => ({ path, text: texts.get(path) ?? '' })), fixed }
}

function nameFor(wanted: string, value: string, taken: Map<string, string | undefined>): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted}_${n}`
    if (taken.has(name) && taken.get(name) !== value) continue
    taken.set(name, value)
    return name
  }
}

function append(
  module: LintModule,
  texts: Map<string, string>,
  changed: Set<string>,
  added: readonly { name: string; value: string }[],
): void {
  if (added.length === 0) return
  const path = (name: string) => (module.folder === '' ? name : `${module.folder}/${name}`)
  const blocks = added.map(({ name }) => `variable "${name}" {\n  type = string\n}\n`)
  add(path('variables.tf'), blocks.join('\n'))
  const lines = added.map(({ name, value }): HclLine => [name, hclString(value)])
  add(path('terraform.tfvars'), `${alignedLines(lines).join('\n')}\n`)

  function add(file: string, text: string): void {
    texts.set(file, withAppended(texts.get(file) ?? '', text))
    changed.add(file)
  }
}
