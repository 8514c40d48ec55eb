import { whatHappened } from '../../cli/activity-words.ts'
import { printable } from '../../cli/output.ts'
import type { Activity } from '../../core/session/activity.ts'
import { localTime, relative } from '../../core/text/time.ts'
import { List } from './list.tsx'
import type { PaneProps } from './secrets-pane.tsx'
import type { Tone } from './theme.ts'

const COLUMNS = [
  { title: 'time', least: 8 },
  { title: 'ago', least: 8, spare: true },
  { title: 'event', least: 6 },
  { title: 'command', least: 7 },
  { title: 'what', least: 12 },
]
const TONES: Record<string, Tone> = { deny: 'bad', unlock: 'good', lock: 'warn' }

/** The newest line is the last one, as in `tazpod log`. */
export function ActivityPane(props: PaneProps & { lines: readonly Activity[]; label: string | null }) {
  const { lines, label, selected, now, height, width } = props
  return (
    <List
      columns={COLUMNS}
      rows={lines.map((line) => cells(line, now, label, width))}
      tone={(i) => TONES[lines[i]?.event ?? ''] ?? 'plain'}
      selected={selected}
      height={height}
      width={width}
      empty="nothing yet"
    />
  )
}

/** On a narrow screen the day gives way: the time of day is what a person looks for. */
function cells(line: Activity, now: number, label: string | null, width: number): string[] {
  const at = Date.parse(line.time)
  const time = width < 80 ? localTime(at).slice(11) : localTime(at)
  const elsewhere = line.project !== '' && line.project !== label ? `in ${line.project}` : ''
  const what = [whatHappened(line), elsewhere].filter((part) => part !== '').join('; ')
  const command = line.command === null ? '' : `${line.command} ${line.pid ?? ''}`.trimEnd()
  return [time, relative(at, now), line.event, command, what].map(printable)
}
