import { userPaths } from '../../adapters/files/paths.ts'
import { getMany } from '../../adapters/holder/client.ts'
import { type GrantRow, grantTable } from '../../core/grant/grants.ts'
import type { ProjectConfig } from '../../core/grant/model.ts'
import { secretNames } from '../../core/grant/named-secrets.ts'
import { definitionOf, type ProviderName } from '../../core/provider/registry.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { wipeDocument } from '../../core/vault/edit.ts'
import { loadProject } from '../project/project.ts'
import { fingerprint, fingerprintKey } from '../vault/fingerprint.ts'
import { heldNames, sessionIdentity } from '../vault/held-identity.ts'
import { openVault } from '../vault/open.ts'
import { type VaultPlace, vaultPlace } from '../vault/place.ts'

/** One secret: where it is and who gets it. Never its value. */
export interface SecretRow {
  name: string
  /** `missing`: the project names it and the provider has none. `unknown`: locked, so nobody can tell. */
  source: ProviderName | 'missing' | 'unknown'
  /** Commands that get it, with how; empty: nobody. */
  grants: SecretGrant[]
  /** What the provider says about its value; absent while that is not known. */
  held?: HeldSecret
}

export interface SecretGrant {
  command: string
  as: GrantRow['as']
  /** File under the ghost folder, path in the project, or the variable with the value. */
  where: string
  /** Variables that carry the path. */
  variables: string[]
}

/** About a value, without the value. */
interface HeldSecret {
  /** When it was last changed, ISO 8601; absent where the provider does not say. */
  updated?: string
  /** Absent for what is not used here, and so was not kept. */
  bytes?: number
  /** Equal for equal values of one vault, and meaningless without that vault's key. */
  fingerprint?: string
}

interface SecretList {
  project: string | null
  state: 'locked' | 'unlocked'
  secrets: SecretRow[]
}

/**
 * The secrets of this project: those that tazpod.yaml names and, while unlocked, those that its provider has.
 * Asks for nothing. Failures: locked (outside a project, where only the vault knows), and those of the project file.
 */
export async function secretList(
  env: NodeJS.ProcessEnv,
  cwd: string,
  loading = loadProject(cwd),
): Promise<Result<SecretList>> {
  const project = await loading
  if (!project.ok) return project
  const config = project.value?.config
  const provider = config?.provider ?? 'vault'
  const held =
    definitionOf(provider).shows === 'session'
      ? await pulledSecrets()
      : await heldSecrets(vaultPlace(userPaths(env), config?.vault, project.value?.root))
  if (!held.ok) return held
  if (config === undefined && held.value === undefined) return err({ reason: 'locked' })
  const named = config ? grantsByName(config) : new Map<string, SecretRow['grants']>()
  const everyone = [{ command: '*', as: 'file', where: '', variables: [] as string[] } as const]
  const names = new Set([...named.keys(), ...(held.value?.keys() ?? [])])
  const secrets = [...names].sort().map((name): SecretRow => {
    const about = held.value?.get(name)
    const source = held.value === undefined ? 'unknown' : about ? provider : 'missing'
    const grants = config
      ? (named.get(name) ?? [])
      : everyone.map((g) => ({ ...g, where: `${name}/${name}` }))
    return { name, source, grants, ...(about && { held: about }) }
  })
  return ok({ project: project.value?.root ?? null, state: held.value ? 'unlocked' : 'locked', secrets })
}

/** What the vault holds, by name, when the session can open it without asking. Undefined: locked. */
async function heldSecrets(place: VaultPlace): Promise<Result<Map<string, HeldSecret> | undefined>> {
  const identity = await sessionIdentity()
  if (!identity.ok) return identity.error.reason === 'locked' ? ok(undefined) : identity
  const doc = await openVault(place, identity.value)
  const key = fingerprintKey(identity.value)
  identity.value.fill(0)
  if (!doc.ok) return doc
  const held = [...doc.value.secrets].map(([name, { value, updated }]): [string, HeldSecret] => {
    return [name, { updated, bytes: value.length, fingerprint: fingerprint(key, value) }]
  })
  key.fill(0)
  wipeDocument(doc.value)
  return ok(new Map(held))
}

/** What the last pull found at the server, by name; about the values only where the holder has them. Undefined: locked. */
async function pulledSecrets(): Promise<Result<Map<string, HeldSecret> | undefined>> {
  const names = await heldNames()
  const identity = names && (await sessionIdentity())
  if (names === undefined || identity?.ok !== true) return ok(undefined)
  const key = fingerprintKey(identity.value)
  identity.value.fill(0)
  const values = await getMany(names)
  if (!values.ok) return values
  const held = names.map((name, index): [string, HeldSecret] => {
    const value = values.value[index]
    const about = value && { bytes: value.length, fingerprint: fingerprint(key, value) }
    value?.fill(0)
    return [name, { ...about }]
  })
  key.fill(0)
  return ok(new Map(held))
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
