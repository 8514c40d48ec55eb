import type { RunningCommand } from '../../app/dashboard/overview.ts'
import type { SecretRow } from '../../app/session/secrets.ts'
import { whatHappened } from '../../cli/activity-words.ts'
import type { Activity } from '../../core/session/activity.ts'
import type { Tab } from './keys.ts'
import type { Live } from './use-live.ts'

/** What each tab lists, after the search. */
interface Rows {
  secrets: SecretRow[]
  running: RunningCommand[]
  activity: Activity[]
}

export function rowsOf({ view, lines }: Live, search: string): Rows {
  const wanted = search.toLowerCase()
  const has = (...texts: string[]) => texts.some((text) => text.toLowerCase().includes(wanted))
  return {
    secrets: view.secrets.filter(({ name, source, grants }) => {
      return has(name, source, ...grants.flatMap(({ command, where }) => [command, where]))
    }),
    running: (view.status.running ?? []).filter(({ command, secrets }) => has(command, ...secrets)),
    activity: lines.filter((line) => has(line.event, line.command ?? '', whatHappened(line), line.time)),
  }
}

/** Where the marked row is. The activity is counted from its end, so that the newest line stays marked. */
export function selectedIn(tab: Tab, count: number, at: number): number {
  const inside = Math.max(0, Math.min(at, count - 1))
  return tab === 'activity' ? Math.max(0, count - 1 - inside) : inside
}
