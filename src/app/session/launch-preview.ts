import { userPaths } from '../../adapters/files/paths.ts'
import { where } from '../../adapters/holder/client.ts'
import { compileLaunchSet, type LaunchSet } from '../../core/grant/compile.ts'
import { DEFAULT_SESSION, IDENTITY_PARTS, type ProjectConfig } from '../../core/grant/model.ts'
import { secretNames } from '../../core/grant/named-secrets.ts'
import { definitionOf } from '../../core/provider/registry.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { wipeDocument } from '../../core/vault/edit.ts'
import { loadProject } from '../project/project.ts'
import { vaultSet } from '../provider/vault/provider.ts'
import { heldSession, sessionIdentity } from '../vault/held-identity.ts'
import { openVault } from '../vault/open.ts'
import { type VaultPlace, vaultPlace } from '../vault/place.ts'

/** What commands would get, compiled as a pull compiles it. The caller wipes the values of its entries. */
export interface LaunchPreview {
  set: LaunchSet
  /** The folder that commands see as TAZPOD_GHOST. */
  ghost: string
  provider: string
  /** Seconds; 0 = never. */
  max: number
  /** Locked: every value is empty, and which secrets are missing is not known. */
  locked: boolean
}

/**
 * Compiles the launch set of this project without starting or asking anything: from the vault while unlocked, from
 * the names in tazpod.yaml while locked.
 * Failures: locked (outside a project, where only the vault knows names), and those of the project file and the vault.
 */
export async function previewLaunch(env: NodeJS.ProcessEnv, cwd: string): Promise<Result<LaunchPreview>> {
  const here = await where()
  if (!here.ok) return here
  const project = await loadProject(cwd)
  if (!project.ok) return project
  const config = project.value?.config
  const root = project.value?.root
  const held =
    definitionOf(config?.provider ?? 'vault').shows === 'session'
      ? await namedSecrets()
      : await heldSecrets(vaultPlace(userPaths(env), config?.vault, root))
  if (!held.ok) return held
  const secrets = held.value ?? emptySecrets(config)
  if (secrets === undefined) return err({ reason: 'locked' })
  const { ghost } = here.value
  const set = compileLaunchSet({ config, secrets, identity: NO_VALUES, root: root ?? '', ghost })
  if (!set.ok) return set
  const max = config?.session.max ?? DEFAULT_SESSION.max
  return ok({
    set: set.value,
    ghost,
    provider: config?.provider ?? 'vault',
    max,
    locked: held.value === undefined,
  })
}

/** Parts of the machine identity are named, never shown. */
const NO_VALUES = new Map(IDENTITY_PARTS.map((part) => [part, Buffer.alloc(0)]))

/** Zeroes the values of a preview. */
export function wipePreview(preview: LaunchPreview): void {
  for (const { value } of preview.set.entries) value.fill(0)
}

/** What the last pull from a server found, by name: the values stay where they are. Undefined: locked. */
async function namedSecrets(): Promise<Result<ReadonlyMap<string, Buffer> | undefined>> {
  const session = await heldSession()
  return ok(session && new Map(session.names.map(([name]) => [name, Buffer.alloc(0)])))
}

/** Undefined: locked. */
async function heldSecrets(place: VaultPlace): Promise<Result<ReadonlyMap<string, Buffer> | undefined>> {
  const identity = await sessionIdentity()
  if (!identity.ok) return identity.error.reason === 'locked' ? ok(undefined) : identity
  const doc = await openVault(place, identity.value).finally(() => identity.value.fill(0))
  if (!doc.ok) return doc
  const { secrets } = vaultSet(doc.value)
  wipeDocument(doc.value)
  return ok(secrets)
}

function emptySecrets(config: ProjectConfig | undefined): Map<string, Buffer> | undefined {
  return config && new Map(secretNames(config).map((name) => [name, Buffer.alloc(0)]))
}
