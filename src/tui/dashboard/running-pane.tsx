import type { RunningCommand } from '../../app/dashboard/overview.ts'
import { printable } from '../../cli/output.ts'
import { paragraph } from '../../cli/table.ts'
import { heldWords } from '../../cli/words.ts'
import { formatSpan } from '../../core/text/duration.ts'
import { localTime } from '../../core/text/time.ts'
import { Block, Line } from './bits.tsx'
import { List } from './list.tsx'
import type { PaneProps } from './secrets-pane.tsx'

const COLUMNS = [
  { title: 'command', least: 8 },
  { title: 'pid', least: 5 },
  { title: 'for', least: 6 },
  { title: 'since', least: 19, spare: true },
  { title: 'holds', least: 10 },
]
const NOTE = 'A running command keeps what it was given until it ends, after a lock too (l, then s, ends it).'

export function RunningPane(props: PaneProps & { running: readonly RunningCommand[] }) {
  const { running, selected, now, height, width } = props
  const one = running[selected]
  const holds = one ? `${printable(one.command)}: ${heldWords(one.secrets)}` : ''
  const detail = [...(holds === '' ? [] : paragraph(holds, '  ', width)), ...paragraph(NOTE, '', width)]
  return (
    <>
      <List
        columns={COLUMNS}
        rows={running.map((command) => cells(command, now))}
        selected={selected}
        height={height - detail.length - 1}
        width={width}
        empty="nothing runs with a secret"
      />
      <Block height={detail.length + 1}>
        <Line tone="accent">{'─'.repeat(width)}</Line>
        {detail.map((line) => (
          <Line key={line}>{line}</Line>
        ))}
      </Block>
    </>
  )
}

function cells({ command, pid, startedAt, secrets }: RunningCommand, now: number): string[] {
  const started = startedAt === undefined ? undefined : Date.parse(startedAt)
  return [
    printable(command),
    String(pid),
    started === undefined ? '' : formatSpan(now - started),
    started === undefined ? '' : localTime(started),
    heldWords(secrets),
  ]
}
