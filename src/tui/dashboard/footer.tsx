import { Block, Line, Piece } from './bits.tsx'
import { KEYS, TABS, type Tab } from './keys.ts'
import type { Message } from './message.ts'

const OWN_LINE = KEYS.filter(({ action }) => action !== 'search' && action !== 'help')

/** The keys as lines of at most `width`. */
export function footerLines(width: number): { key: string; short: string }[][] {
  const lines: { key: string; short: string }[][] = [[]]
  let used = 0
  for (const { key, action: short } of OWN_LINE) {
    const cells = key.length + 1 + short.length
    if (used > 0 && used + 2 + cells > width) {
      lines.push([])
      used = 0
    }
    lines.at(-1)?.push({ key, short })
    used += (used > 0 ? 2 : 0) + cells
  }
  return lines
}

export function Footer({ width, dialog }: { width: number; dialog: string | undefined }) {
  const lines = footerLines(width)
  return (
    <Block height={lines.length}>
      {dialog === undefined ? (
        lines.map((keys) => (
          <Line key={keys[0]?.key}>
            {keys.map(({ key, short }, i) => (
              <Piece key={key} tone="plain">
                {i > 0 ? '  ' : ''}
                <Piece tone="title">{key}</Piece>
                {` ${short}`}
              </Piece>
            ))}
          </Line>
        ))
      ) : (
        <Line tone="title">{dialog}</Line>
      )}
    </Block>
  )
}

export function MessageLine({ message }: { message: Message | undefined }) {
  return (
    <Block height={1}>
      <Line tone={message?.tone ?? 'plain'}>{message?.text ?? ''}</Line>
    </Block>
  )
}

/** The text of each tab, and the columns (from 1) where it stands: what a click is compared with. */
export function tabSpans(
  tab: Tab,
  counts: Record<Tab, number | undefined>,
): { tab: Tab; text: string; from: number; to: number }[] {
  let column = 1
  return TABS.map((name, i) => {
    const number = counts[name] === undefined ? '' : ` (${counts[name]})`
    const label = `${i + 1} ${name}${number}`
    const text = name === tab ? `[${label}]` : ` ${label} `
    const from = column
    column += text.length + 1
    return { tab: name, text, from, to: column - 2 }
  })
}

const HINT = ['/ search  ? help', '/ ? ']

export function Tabs({
  spans,
  tab,
  search,
  searching,
  width,
}: {
  spans: ReturnType<typeof tabSpans>
  tab: Tab
  search: string
  searching: boolean
  width: number
}) {
  const used = (spans.at(-1)?.to ?? 0) + 1
  const hint = HINT.find((text) => used + text.length < width) ?? ''
  const right = searching || search !== '' ? `/${search}${searching ? '▏' : '  Esc ends'}` : hint
  return (
    <Block height={1}>
      <Line>
        {spans
          .map(({ tab: name, text }) => (
            <Piece key={name} tone={name === tab ? 'selected' : 'plain'}>
              {text}
            </Piece>
          ))
          .flatMap((piece, i) => (i === 0 ? [piece] : [' ', piece]))}
        {' '.repeat(Math.max(1, width - used - right.length + 1))}
        <Piece tone={search !== '' || searching ? 'accent' : 'plain'}>{right}</Piece>
      </Line>
    </Block>
  )
}
