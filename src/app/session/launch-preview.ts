import { where } from '../../adapters/holder/client.ts'
import { compileLaunchSet, type LaunchSet } from '../../core/grant/compile.ts'
import { DEFAULT_SESSION, IDENTITY_PARTS, type ProjectConfig } from '../../core/grant/model.ts'
import { secretNames } from '../../core/grant/named-secrets.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { loadProject } from '../project/project.ts'
import { aboutSession } from './about.ts'

/** What commands would get, compiled as a pull compiles it: every value is empty. */
export interface LaunchPreview {
  set: LaunchSet
  /** The folder that commands see as TAZPOD_GHOST. */
  ghost: string
  provider: string
  /** Seconds; 0 = never. */
  max: number
  /** Locked: which secrets are missing is not known. */
  locked: boolean
}

/**
 * Compiles the launch set of this project without starting or asking anything: from the names that the last pull found,
 * from those in tazpod.yaml while locked. Its values are empty.
 * Failures: locked (outside a project, where only the vault knows names), and those of the project file and the vault.
 */
export async function previewLaunch(cwd: string): Promise<Result<LaunchPreview>> {
  const here = await where()
  if (!here.ok) return here
  const project = await loadProject(cwd)
  if (!project.ok) return project
  const config = project.value?.config
  const root = project.value?.root
  const about = await aboutSession()
  if (!about.ok) return about
  const held = about.value && new Map([...about.value.secrets.keys()].map((name) => [name, Buffer.alloc(0)]))
  const secrets = held ?? emptySecrets(config)
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
    locked: held === undefined,
  })
}

/** Parts of the machine identity are named, never shown. */
const NO_VALUES = new Map(IDENTITY_PARTS.map((part) => [part, Buffer.alloc(0)]))

function emptySecrets(config: ProjectConfig | undefined): Map<string, Buffer> | undefined {
  return config && new Map(secretNames(config).map((name) => [name, Buffer.alloc(0)]))
}
