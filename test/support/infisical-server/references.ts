import { join } from 'node:path/posix'
import { Problem } from './problems.ts'
import type { TestProject } from './projects.ts'
import type { Folder } from './store.ts'
import type { Mode } from './types.ts'

const REFERENCE = /\$\{([\w.@-]+)\}/g
const DEPTH = 10

/** Where a reference may look, and for whom. */
export interface Scope {
  readonly mode: Mode
  readonly project: TestProject
  /** Another project of the same organisation; undefined: no such, or no right. */
  readonly projectBySlug: (slug: string) => TestProject | undefined
  readonly mayReadValue: (folder: Folder, name: string) => boolean
}

/**
 * 2024: references to the same folder are followed through `pool` (for a single GET that holds only the secret
 * itself), one to another folder takes the value as it is, and a circle is left where it closes.
 */
export function expandOld(scope: Scope, pool: ReadonlyMap<string, string>): (name: string) => string {
  const done = new Map<string, string>()
  const onTheWay = new Set<string>()
  const expand = (name: string): string => {
    const known = done.get(name)
    if (known !== undefined) return known
    if (onTheWay.has(name)) return ''
    onTheWay.add(name)
    let value = pool.get(name) ?? ''
    for (const [reference, inside = ''] of value.matchAll(REFERENCE)) {
      const parts = inside.split('.')
      const found = parts.length === 1 ? expand(inside) : elsewhere(scope, parts)?.value
      if (found) value = value.replaceAll(reference, () => found)
    }
    if (pool.has(name)) done.set(name, value)
    return value
  }
  return expand
}

/** Today: every reference is followed to its end, ten deep; what is not found stays as it is written. */
export function expandNow(scope: Scope, folder: Folder, value: string, depth = 0): string {
  if (depth >= DEPTH) return value
  return value.replace(REFERENCE, (reference, inside: string) => {
    const parts = inside.split('.')
    const target =
      parts.length === 1
        ? { folder, name: inside, value: folder.secrets.get(inside)?.value }
        : elsewhere(scope, parts)
    if (target?.value === undefined) return reference
    if (!scope.mayReadValue(target.folder, target.name)) {
      const environment = target.folder.environment.slug
      throw new Problem('referenceForbidden', { name: target.name, environment, path: target.folder.path })
    }
    return expandNow(scope, target.folder, target.value, depth + 1)
  })
}

/** `env.KEY`, `env.folder.KEY`, and today also `@project.env.folder.KEY`. */
function elsewhere(
  scope: Scope,
  parts: readonly string[],
): { folder: Folder; name: string; value: string | undefined } | undefined {
  const named = parts[0]?.startsWith('@') === true
  if (named && scope.mode === '2024') return undefined
  const project = named ? scope.projectBySlug(parts[0]?.slice(1) ?? '') : scope.project
  const [environment = '', ...path] = named ? parts.slice(1) : parts
  const name = path.pop() ?? ''
  const folder = project?.environments.get(environment)?.folder(join('/', ...path))
  return folder && { folder, name, value: folder.secrets.get(name)?.value }
}
