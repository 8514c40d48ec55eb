import { activityLogPath, readActivity } from '../../adapters/files/activity-log.ts'
import { userPaths } from '../../adapters/files/paths.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { type Activity, parseSince } from '../../core/session/activity.ts'

interface LogView {
  path: string
  lines: Activity[]
  /** Lines that could not be read. */
  damaged: number
}

/**
 * What tazpod did on this machine. `since`: a time or how long ago (`12h`, `7d`, `2026-11-24`); `last`: at most so
 * many lines, the newest; `project`: only that one's. Failures: usage, io.
 */
export async function activityLog(
  env: NodeJS.ProcessEnv,
  options: { since?: string | undefined; last?: number | undefined; project?: string | undefined },
): Promise<Result<LogView>> {
  const since = options.since === undefined ? Number.NEGATIVE_INFINITY : parseSince(options.since, Date.now())
  if (since === undefined) {
    return err({
      reason: 'usage',
      message: '--since takes how long ago (90s, 30m, 12h, 7d) or a time (2026-11-24, 2026-11-24T08:00)',
      next: 'tazpod log --since 12h',
    })
  }
  const path = activityLogPath(userPaths(env))
  const log = await readActivity(path, since)
  if (!log.ok) return log
  const { damaged } = log.value
  const { project } = options
  const lines = log.value.lines.filter((line) => project === undefined || line.project === project)
  return ok({ path, damaged, lines: options.last === undefined ? lines : lines.slice(-options.last) })
}
