import type { Overview } from '../app/dashboard/overview.ts'
import type { SecretRow } from '../app/session/secrets.ts'
import type { Activity } from '../core/session/activity.ts'
import { formatSpan } from '../core/text/duration.ts'
import { localTime, relative } from '../core/text/time.ts'
import { whatHappened } from './activity-words.ts'
import { printable } from './output.ts'
import {
  commandWords,
  count,
  deliveryWords,
  heldWords,
  isolationWords,
  onlyEverybody,
  refreshWords,
} from './words.ts'

/**
 * What the dashboard shows, as sentences to be read aloud: no table, no bar, no symbol, one fact to a line, and every
 * part under a heading that says how much is in it.
 */
export function overviewLines(view: Overview, activity: readonly Activity[]): string[] {
  const { status, secrets } = view
  const now = Date.parse(view.at)
  const running = status.running ?? []
  const alone = onlyEverybody(secrets)
  return [
    ...stateLines(view, now),
    '',
    `Secrets: ${secrets.length}`,
    ...secrets.flatMap((secret) => secretLines(secret, alone, now)),
    '',
    `Running with secrets: ${running.length}`,
    ...running.map(({ command, pid, startedAt, secrets: held }) => {
      const since = startedAt === undefined ? '' : `, for ${formatSpan(now - Date.parse(startedAt))}`
      return `${printable(command)}, pid ${pid}${since}, holds ${heldWords(held)}`
    }),
    '',
    `Activity, newest last: ${activity.length}`,
    ...activity.map((line) => activityLine(line)),
  ]
}

function stateLines(view: Overview, now: number): string[] {
  const { status, root, trust } = view
  const place = root === null ? 'no project here (compartment default)' : printable(root)
  const unlocked = status.state === 'unlocked'
  const refresh = refreshWords(status.refresh, now)
  return [
    `Project: ${place}`,
    `State: ${status.state}${unlocked ? `, ${count(status.secrets ?? 0, 'secret')} from ${printable(status.provider ?? '')}` : ', next: tazpod pull'}`,
    ...(unlocked
      ? [
          `Locks: ${ends(status.expiresAt, now, 'when you lock it')}`,
          `When idle: ${ends(status.idleAt, now, (status.running ?? []).length > 0 ? 'waits while a command runs' : 'never locks')}`,
          `Isolation: ${isolationWords(status.isolation)}`,
        ]
      : []),
    ...(refresh ? [`Provider: ${refresh.text}`] : []),
    ...(trust === 'none'
      ? []
      : [
          `Trust: tazpod.yaml is ${trust === 'trusted' ? 'trusted' : `${trust}, so not trusted, next: tazpod trust`}`,
        ]),
  ]
}

function ends(at: string | null | undefined, now: number, otherwise: string): string {
  return at ? `locks ${relative(Date.parse(at), now)}, at ${localTime(Date.parse(at))}` : otherwise
}

function secretLines({ name, source, grants, held }: SecretRow, alone: boolean, now: number): string[] {
  const absent = { missing: 'missing', unknown: 'not known while locked' }
  const where = source === 'missing' || source === 'unknown' ? absent[source] : `from ${source}`
  const about = [
    held?.bytes === undefined ? '' : `, ${count(held.bytes, 'byte')}`,
    held?.updated === undefined ? '' : `, changed ${relative(Date.parse(held.updated), now)}`,
    held?.fingerprint === undefined ? '' : `, fingerprint ${held.fingerprint}`,
  ].join('')
  const given =
    grants.length === 0
      ? ['  no command gets it']
      : grants.map((grant) => `  ${commandWords(grant.command, alone)} gets it ${deliveryWords(grant)}`)
  return [`${printable(name)}, ${where}${about}`, ...given]
}

function activityLine(line: Activity): string {
  const command = line.command === null ? '' : `, ${printable(line.command)}`
  const what = whatHappened(line)
  return `${localTime(Date.parse(line.time))}, ${printable(line.event)}${command}${what === '' ? '' : `: ${printable(what)}`}`
}
