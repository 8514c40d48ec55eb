import { userPaths } from '../adapters/paths.ts'
import type { ProjectConfig } from '../core/config-model.ts'
import { type GrantRow, grantTable } from '../core/grants.ts'
import { err, ok, type Result } from '../core/result.ts'
import { secretNames } from '../core/secret-names.ts'
import { wipeDocument } from '../core/vault-edit.ts'
import { loadProject } from './project.ts'
import { heldSession, sessionIdentity } from './session.ts'
import { openVault } from './vault/open.ts'
import { type VaultPlace, vaultPlace } from './vault/place.ts'

/** One secret: where it is and who gets it. Never its value. */
export interface SecretRow {
  name: string
  /** `missing`: the project names it and the provider has none. `unknown`: locked, so nobody can tell. */
  source: 'vault' | 'infisical' | 'missing' | 'unknown'
  /** Commands that get it, with how; empty: nobody. */
  grants: { command: string; as: GrantRow['as']; where: string }[]
}

export interface SecretList {
  project: string | null
  state: 'locked' | 'unlocked'
  secrets: SecretRow[]
}

/**
 * The secrets of this project: those that tazpod.yaml names and, while unlocked, those that its provider has.
 * Asks for nothing. Failures: locked (outside a project, where only the vault knows), and those of the project file.
 */
export async function secretList(env: NodeJS.ProcessEnv, cwd: string): Promise<Result<SecretList>> {
  const project = await loadProject(cwd)
  if (!project.ok) return project
  const config = project.value?.config
  const provider = config?.provider ?? 'vault'
  const held =
    provider === 'infisical'
      ? ok((await heldSession())?.names.map(([name]) => name))
      : await heldNames(vaultPlace(userPaths(env), config?.vault, project.value?.root))
  if (!held.ok) return held
  if (config === undefined && held.value === undefined) return err({ reason: 'locked' })
  const named = config ? grantsByName(config) : new Map<string, SecretRow['grants']>()
  const everyone = [{ command: '*', as: 'file', where: '' } as const]
  const names = new Set([...named.keys(), ...(held.value ?? [])])
  const secrets = [...names].sort().map((name): SecretRow => {
    const source = held.value === undefined ? 'unknown' : held.value.includes(name) ? provider : 'missing'
    const grants = config
      ? (named.get(name) ?? [])
      : everyone.map((g) => ({ ...g, where: `${name}/${name}` }))
    return { name, source, grants }
  })
  return ok({ project: project.value?.root ?? null, state: held.value ? 'unlocked' : 'locked', secrets })
}

/** Names in the vault, when the session can open it without asking. */
async function heldNames(place: VaultPlace): Promise<Result<string[] | undefined>> {
  const identity = await sessionIdentity()
  if (!identity.ok) return identity.error.reason === 'locked' ? ok(undefined) : identity
  const doc = await openVault(place, identity.value).finally(() => identity.value.fill(0))
  if (!doc.ok) return doc
  const names = [...doc.value.secrets.keys()]
  wipeDocument(doc.value)
  return ok(names)
}

function grantsByName(config: ProjectConfig): Map<string, SecretRow['grants']> {
  const declared = secretNames(config).map((name): [string, SecretRow['grants']] => [name, []])
  const byName = new Map(declared)
  for (const { command, what, as, where } of grantTable(config)) {
    for (const name of what.filter((n) => !n.startsWith('identity.'))) {
      byName.set(name, [...(byName.get(name) ?? []), { command, as, where }])
    }
  }
  return byName
}
