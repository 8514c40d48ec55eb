import { userPaths } from '../../adapters/files/paths.ts'
import { type GhostStatus, status } from '../../adapters/holder/client.ts'
import { vaultMark } from '../../adapters/vault/vault-files.ts'
import { DEFAULT_SESSION } from '../../core/grant/model.ts'
import { ok, type Result } from '../../core/result.ts'
import { loadProject, type Project } from '../project/project.ts'
import { trustView } from '../project/trust.ts'
import { type SecretRow, secretList } from '../session/secrets.ts'
import { vaultPlace } from '../vault/place.ts'

export type { GhostStatus, RunningCommand } from '../../adapters/holder/client.ts'

/** Everything that a person may want to see at one glance. Names only, never a value. */
export interface Overview {
  /** When it was looked at, ISO 8601. */
  at: string
  status: GhostStatus
  /** Folder of the project; null for the compartment `default`. */
  root: string | null
  /** Whether tazpod.yaml is trusted; `none`: there is no file. */
  trust: 'trusted' | 'new' | 'changed' | 'none'
  /** Whole length of the session's lifetimes, in seconds; null: without end. */
  limits: { idle: number | null; max: number | null }
  /** Empty while nobody can tell: locked, and outside a project. */
  secrets: SecretRow[]
}

/** Looks at this project without asking or changing anything. Failures: those of the project file and the vault. */
export async function overview(env: NodeJS.ProcessEnv, cwd: string): Promise<Result<Overview>> {
  const loading = loadProject(cwd)
  const [found, listed] = [status(), secretList(cwd, loading)]
  const project = await loading
  if (!project.ok) return project
  const trust = await trustState(env, project.value)
  if (!trust.ok) return trust
  const now = await found
  if (!now.ok) return now
  const list = await listed
  if (!list.ok && list.error.reason !== 'locked') return list
  const { idle, max } = project.value?.config.session ?? DEFAULT_SESSION
  return ok({
    at: new Date().toISOString(),
    status: now.value,
    root: project.value?.root ?? null,
    trust: trust.value,
    limits: { idle: idle === 0 ? null : idle, max: max === 0 ? null : max },
    secrets: list.ok ? list.value.secrets : [],
  })
}

async function trustState(
  env: NodeJS.ProcessEnv,
  project: Project | undefined,
): Promise<Result<Overview['trust']>> {
  if (project === undefined) return ok('none')
  const view = await trustView(env, project)
  return view.ok ? ok(view.value.state) : view
}

/**
 * Changes when {@link overview} has to be asked again: another holder or fetch, another project file, another content
 * of the vault. Cheap enough for every second.
 */
export async function overviewMark(
  env: NodeJS.ProcessEnv,
  cwd: string,
  { state, holder, refresh }: GhostStatus,
): Promise<Result<string>> {
  const project = await loadProject(cwd)
  if (!project.ok) return project
  const place = vaultPlace(userPaths(env), project.value?.config.vault, project.value?.root)
  const file = project.value?.file.sha256 ?? 'no project'
  return ok([state, holder, file, await vaultMark(place), JSON.stringify(refresh)].join(' '))
}
