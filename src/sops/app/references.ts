import { dirname, join } from 'node:path'
import { hclReader } from '../../castle/adapters/hcl.ts'
import { withAppended } from '../../core/text/edits.ts'
import type { JournalFile } from '../core/journal.ts'
import { type ByHand, type Rewritten, rewriteFlux, rewriteTerraform } from '../core/references.ts'
import type { TextFile } from './inventory.ts'

export interface References {
  files: Rewritten[]
  byHand: ByHand[]
  /** Lines for `values:` of the bind in tazpod.yaml. */
  binds: string[]
}

/** What has to change so that nothing reads the SOPS files any more. Changes nothing. */
export async function findReferences(
  others: readonly TextFile[],
  migrated: readonly JournalFile[],
): Promise<References> {
  const read = await hclReader()
  const files: Rewritten[] = []
  const byHand: ByHand[] = []
  const binds: string[] = []
  const code = others.filter(({ path }) => path.endsWith('.tf'))
  for (const [folder, group] of Map.groupBy(code, ({ path }) => dirname(path))) {
    const nameOf = (source: string, place: string) =>
      migrated.find(({ path }) => path === join(folder, source))?.values.find((one) => one.place === place)
        ?.name
    const inputs = group.map(({ path, text }) => ({ path, text, hcl: read(text) }))
    const done = rewriteTerraform(inputs, nameOf)
    byHand.push(...done.byHand)
    binds.push(...done.variables.map(({ variable, secret }) => `${variable}: ${secret}`))
    files.push(
      ...withVariables(
        done.files,
        folder,
        group,
        done.variables.map(({ variable }) => variable),
      ),
    )
  }
  for (const { path, text } of others) {
    const flux = /\.ya?ml$/.test(path) ? rewriteFlux(path, text) : undefined
    if (flux !== undefined) files.push(flux)
  }
  const after = new Map(files.map(({ path, text }) => [path, text]))
  for (const { path, text } of others) byHand.push(...mentions(path, after.get(path) ?? text, migrated))
  return { files, byHand, binds }
}

/** Variables that are declared already are left alone: a second run adds nothing. */
function withVariables(
  files: readonly Rewritten[],
  folder: string,
  group: readonly TextFile[],
  variables: readonly string[],
): Rewritten[] {
  const known = group.map(({ text }) => text).join('\n')
  const missing = variables.filter((name) => !new RegExp(`variable\\s+"${name}"`).test(known))
  if (missing.length === 0) return [...files]
  const path = join(folder, 'variables.tf')
  const before = files.find((file) => file.path === path)
  const text = before?.text ?? group.find((file) => file.path === path)?.text ?? ''
  const blocks = missing.map((name) => `variable "${name}" {\n  type      = string\n  sensitive = true\n}\n`)
  const next: Rewritten = {
    path,
    text: withAppended(text, blocks.join('\n')),
    changes: [...(before?.changes ?? []), ...missing.map((name) => `${path}: variable ${name}`)],
  }
  return [...files.filter((file) => file !== before), next]
}

/** Other files that name a SOPS file: scripts, kustomizations. Documents only talk about it. */
function mentions(path: string, text: string, migrated: readonly JournalFile[]): ByHand[] {
  if (/\.(md|txt|rst)$/i.test(path)) return []
  return migrated.flatMap(({ path: gone }) => {
    const name = gone.slice(gone.lastIndexOf('/') + 1)
    const at = text.indexOf(name)
    return at < 0 ? [] : [{ path, line: text.slice(0, at).split('\n').length, what: name }]
  })
}
