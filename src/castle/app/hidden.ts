import { loadProject } from '../../app/project/project.ts'
import type { Caller } from '../../app/session/caller.ts'
import { previewLaunch } from '../../app/session/launch-preview.ts'
import { vaultAccess } from '../../app/vault/access.ts'
import { heldValues } from '../../app/vault/held-values.ts'
import { planFor } from '../../core/grant/explain.ts'
import { type BindRule, bindSource } from '../../core/grant/model.ts'
import { ok, type Result } from '../../core/result.ts'
import { hclReader } from '../adapters/hcl.ts'
import { literal } from '../core/hcl.ts'
import { HiddenValues } from '../core/hidden-values.ts'

type Named = [name: string, value: Buffer]

/**
 * Everything that terraform is granted in `folder`, to be taken out of what it prints: it quotes the line of a variable
 * whose validation fails, `sensitive` or not. The caller ends with `wipe`. Failures: those of `previewLaunch`, locked.
 */
export async function hiddenFromTerraform(caller: Caller, folder: string): Promise<Result<HiddenValues>> {
  const preview = await previewLaunch(folder)
  if (!preview.ok) return preview
  const ops = planFor(preview.value.set, 'terraform')?.ops ?? []
  const entries = ops.flatMap((op) => ('entry' in op ? (preview.value.set.entries[op.entry] ?? []) : []))
  const names = [...new Set(entries.map(({ name }) => name))]
  const project = await loadProject(folder)
  if (!project.ok) return project
  const access = await vaultAccess(caller)
  if (!access.ok) return access
  const held = await heldValues(access.value, names)
  if (!held.ok) return held
  const values: Named[] = []
  for (const [index, name] of names.entries()) {
    const value = held.value[index]
    if (value === undefined) continue
    const rule = project.value?.config.binds.find(({ path }) => name === path || name === `./${path}`)
    values.push(...(rule?.format === 'tfvars' ? await variables(value, rule) : [[name, value] as Named]))
  }
  const hidden = new HiddenValues(values)
  for (const [, value] of values) value.fill(0)
  for (const value of held.value) value?.fill(0)
  return ok(hidden)
}

/** The holder has a bind's text only, not what it is made of. */
async function variables(text: Buffer, rule: BindRule): Promise<Named[]> {
  const read = await hclReader()
  return read(text.toString('utf8')).body.attributes.flatMap(({ name, value }): Named[] => {
    const source = rule.values.find(({ key }) => key === name)
    const found = literal(value)
    if (typeof found !== 'string') return []
    return [[source === undefined ? name : bindSource(source), Buffer.from(found)]]
  })
}

/** What a person reads where something was hidden. */
export function hiddenWords(hidden: HiddenValues): string[] {
  return [...hidden.seen].map(
    ([name, times]) =>
      `tazpod: terraform printed ${name} ${times === 1 ? 'once' : `${times} times`}; it is hidden above. A validation of a variable quotes its value, a precondition does not`,
  )
}
