import { activityLogPath, type Glance, glanceAtActivity } from '../../adapters/files/activity-log.ts'
import { userPaths } from '../../adapters/files/paths.ts'
import { type GhostStatus, type LockReport, lock, status } from '../../adapters/holder/client.ts'
import type { Explanation } from '../../core/grant/explain.ts'
import { ok, type Result } from '../../core/result.ts'
import { loadProject, requireProject } from '../project/project.ts'
import { rememberTrust, type TrustView, trustView } from '../project/trust.ts'
import type { Caller } from '../session/caller.ts'
import { explain } from '../session/explain.ts'
import { pull } from '../session/pull.ts'
import type { Pulled } from '../session/pulled.ts'
import { revealSecret } from '../session/reveal.ts'
import { vaultAccess } from '../vault/access.ts'
import { type Overview, overview, overviewMark } from './overview.ts'

/** What the dashboard can see and do. It knows nothing else of the world, so that a test can play the world. */
export interface DashboardSource {
  /** ms since 1970. */
  now(): number
  overview(): Promise<Result<Overview>>
  /** What changes by the second. `mark` changes when the overview has to be asked again. */
  look(): Promise<Result<{ status: GhostStatus; mark: string }>>
  /** Undefined: as it was at `mark`. */
  activity(mark: string): Promise<Result<Glance | undefined>>
  explain(command: string): Promise<Result<Explanation & { locked: boolean }>>
  trust(): Promise<Result<TrustOffer>>
  lock(stop: boolean): Promise<Result<LockReport>>
  /** Asks on the terminal, which has to be free. `extend`: the passphrase, whatever is known already. */
  pull(extend: boolean): Promise<Result<Pulled>>
  /** Asks for the passphrase on the terminal, which has to be free. The caller wipes the value. */
  reveal(name: string): Promise<Result<Buffer>>
}

/** One content of tazpod.yaml, to be agreed to: exactly what is shown, even when the file changes meanwhile. */
export interface TrustOffer {
  view: TrustView
  agree(): Promise<Result<void>>
}

/** The real world around the one who looks. */
export function dashboardSource(caller: Caller, renderTrust: (view: TrustView) => string[]): DashboardSource {
  const { env, cwd } = caller
  return {
    now: Date.now,
    overview: () => overview(env, cwd),
    async look() {
      const now = await status()
      if (!now.ok) return now
      const mark = await overviewMark(env, cwd, now.value)
      return mark.ok ? ok({ status: now.value, mark: mark.value }) : mark
    },
    activity: (mark) => glanceAtActivity(activityLogPath(userPaths(env)), mark),
    explain: (command) => explain(cwd, command, []),
    async trust() {
      const project = await requireProject(cwd)
      if (!project.ok) return project
      const view = await trustView(env, project.value)
      return view.ok ? ok({ view: view.value, agree: () => rememberTrust(env, project.value) }) : view
    },
    lock: (stop) => lock({ stop }),
    pull: (extend) => pull({ ...caller, remember: false, forget: false, extend, renderTrust }),
    async reveal(name) {
      const access = await vaultAccess(caller)
      if (!access.ok) return access
      const project = await loadProject(cwd)
      if (!project.ok) return project
      const provider = project.value?.config.provider ?? 'vault'
      return revealSecret(access.value, name, provider)
    },
  }
}
