import { type GrantRow, grantTable } from '../../core/grant/grants.ts'
import type { ProjectConfig } from '../../core/grant/model.ts'
import { secretNames } from '../../core/grant/named-secrets.ts'
import type { ProviderName } from '../../core/provider/registry.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { AboutSecret } from '../../core/session/about.ts'
import { loadProject } from '../project/project.ts'
import { aboutSession } from './about.ts'

/** One secret: where it is and who gets it. Never its value. */
export interface SecretRow {
  name: string
  /** `missing`: the project names it and the provider has none. `unknown`: locked, so nobody can tell. */
  source: ProviderName | 'missing' | 'unknown'
  /** Commands that get it, with how; empty: nobody. */
  grants: SecretGrant[]
  /** What the provider says about its value; absent while that is not known. */
  held?: AboutSecret
}

export interface SecretGrant {
  command: string
  as: GrantRow['as']
  /** File under the ghost folder, path in the project, or the variable with the value. */
  where: string
  /** Variables that carry the path. */
  variables: string[]
}

interface SecretList {
  project: string | null
  state: 'locked' | 'unlocked'
  secrets: SecretRow[]
}

/**
 * The secrets of this project: those that tazpod.yaml names and, while unlocked, those that its provider had at the last
 * pull.
 * Asks for nothing. Failures: locked (outside a project, where only the vault knows), and those of the project file.
 */
export async function secretList(cwd: string, loading = loadProject(cwd)): Promise<Result<SecretList>> {
  const project = await loading
  if (!project.ok) return project
  const config = project.value?.config
  const provider = config?.provider ?? 'vault'
  const about = await aboutSession()
  if (!about.ok) return about
  const held = about.value?.secrets
  if (config === undefined && held === undefined) return err({ reason: 'locked' })
  const named = config ? grantsByName(config) : new Map<string, SecretRow['grants']>()
  const everyone = [{ command: '*', as: 'file', where: '', variables: [] as string[] } as const]
  const names = new Set([...named.keys(), ...(held?.keys() ?? [])])
  const secrets = [...names].sort().map((name): SecretRow => {
    const about = held?.get(name)
    const source = held === undefined ? 'unknown' : about ? provider : 'missing'
    const grants = config
      ? (named.get(name) ?? [])
      : everyone.map((g) => ({ ...g, where: `${name}/${name}` }))
    return { name, source, grants, ...(about && { held: about }) }
  })
  return ok({ project: project.value?.root ?? null, state: held ? 'unlocked' : 'locked', secrets })
}

function grantsByName(config: ProjectConfig): Map<string, SecretRow['grants']> {
  const declared = secretNames(config).map((name): [string, SecretRow['grants']] => [name, []])
  const byName = new Map(declared)
  for (const { command, what, as, where, variables } of grantTable(config)) {
    for (const name of what.filter((n) => !n.startsWith('identity.'))) {
      byName.set(name, [...(byName.get(name) ?? []), { command, as, where, variables }])
    }
  }
  return byName
}
