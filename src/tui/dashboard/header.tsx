import type { Overview } from '../../app/dashboard/overview.ts'
import { printable } from '../../cli/output.ts'
import { paragraph } from '../../cli/table.ts'
import { clip } from '../../cli/width.ts'
import { count, isolationWords, refreshWords, STATE } from '../../cli/words.ts'
import { formatSpan } from '../../core/text/duration.ts'
import { clockTime } from '../../core/text/time.ts'
import { Block, Line, Piece } from './bits.tsx'
import type { Tone } from './theme.ts'

/** One row of the header: a label, and either words or a bar with words. */
interface HeaderRow {
  label: string
  text: string
  tone: Tone
  /** Part of the lifetime that is left, 0 to 1. */
  left?: number
}

const LABEL = 11
const SOON_MS = 5 * 60_000

/** The rows below the title, for a screen of this width. Their number is what the rest of the screen counts with. */
export function headerRows(view: Overview, now: number, width: number): HeaderRow[] {
  const { status } = view
  const rows = status.state === 'unlocked' ? lifetimes(view, now) : [nextRow(view)]
  const say = (label: string, words: string, tone: Tone = 'plain') =>
    paragraph(words, '', width - LABEL).map((text, i) => ({ label: i === 0 ? label : '', text, tone }))
  if (status.state === 'unlocked') rows.push(...say('isolation', isolationWords(status.isolation)))
  const refresh = refreshWords(status.refresh, now)
  if (refresh) rows.push(...say('provider', refresh.text, refresh.failing ? 'bad' : 'plain'))
  if (view.trust === 'new' || view.trust === 'changed') {
    const how = view.trust === 'new' ? 'is new' : 'has changed'
    rows.push(...say('trust', `tazpod.yaml ${how} and is not trusted: t shows what it grants`, 'warn'))
  }
  return rows
}

function nextRow({ root }: Overview): HeaderRow {
  const text =
    root === null ? 'p unlocks the vault; outside a project every command gets everything' : 'p unlocks'
  return { label: 'next', text, tone: 'plain' }
}

function lifetimes({ status, limits }: Overview, now: number): HeaderRow[] {
  return [
    lifetime('locks', status.expiresAt, limits.max, now, 'when you lock it'),
    lifetime(
      'when idle',
      status.idleAt,
      limits.idle,
      now,
      (status.running ?? []).length > 0 ? 'waits while a command runs' : 'never',
    ),
  ]
}

function lifetime(
  label: string,
  at: string | null | undefined,
  whole: number | null,
  now: number,
  otherwise: string,
): HeaderRow {
  if (!at) return { label, text: otherwise, tone: 'plain' }
  const ms = Math.max(0, Date.parse(at) - now)
  const soon = ms < SOON_MS
  const text = `${ms === 0 ? 'now' : `in ${formatSpan(ms)}`} (${clockTime(Date.parse(at))})${soon ? ', soon' : ''}`
  const left = whole === null ? undefined : Math.min(1, ms / (whole * 1000))
  return { label, text, tone: soon ? 'bad' : 'plain', ...(left !== undefined && { left }) }
}

export function Header({ view, rows, width }: { view: Overview; rows: HeaderRow[]; width: number }) {
  const { status } = view
  const { mark, word } = STATE[status.state]
  const tone = { unlocked: 'good', locked: 'warn', unknown: 'bad' } as const
  const provider = status.provider ? `  ${printable(status.provider)}` : ''
  const held = status.state === 'unlocked' ? `  ${count(status.secrets ?? 0, 'secret')}` : ''
  return (
    <Block height={rows.length + 1}>
      <Line>
        <Piece tone="accent">tazpod</Piece>
        <Piece tone="title">{`  ${clip(printable(status.project ?? 'default'), 30)}  `}</Piece>
        <Piece tone={tone[status.state]}>{`${mark} ${word}`}</Piece>
        {`${provider}${held}`}
      </Line>
      {rows.map((row, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are a fixed sequence
        <Line key={i} tone={row.tone}>
          {row.label.padEnd(LABEL)}
          {row.left === undefined ? null : <Bar left={row.left} width={barWidth(width)} tone={row.tone} />}
          {row.text}
        </Line>
      ))}
    </Block>
  )
}

function barWidth(width: number): number {
  return Math.max(8, Math.min(40, width - LABEL - 32))
}

function Bar({ left, width, tone }: { left: number; width: number; tone: Tone }) {
  const full = left <= 0 ? 0 : Math.max(1, Math.round(left * width))
  return (
    <>
      <Piece tone={tone === 'bad' ? 'bad' : 'accent'}>{'█'.repeat(full)}</Piece>
      {`${'░'.repeat(width - full)}  `}
    </>
  )
}
