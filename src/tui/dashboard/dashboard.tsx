import { Box, useWindowSize } from 'ink'
import { useEffect, useRef } from 'react'
import type { Overview } from '../../app/dashboard/overview.ts'
import type { DashboardSource } from '../../app/dashboard/source.ts'
import type { MouseEvent } from '../terminal/mouse.ts'
import { ActivityPane } from './activity-pane.tsx'
import { Block, Line, ThemeContext } from './bits.tsx'
import { dialogKeys } from './dialog.ts'
import { DialogPane } from './dialogs.tsx'
import { Footer, footerLines, MessageLine, Tabs, tabSpans } from './footer.tsx'
import { Header, headerRows } from './header.tsx'
import { inOneLine } from './lines.ts'
import { rowsOf, selectedIn } from './rows.ts'
import { RunningPane } from './running-pane.tsx'
import { SecretsPane } from './secrets-pane.tsx'
import type { TerminalControl } from './terminal-control.ts'
import { theme } from './theme.ts'
import { useActions } from './use-actions.ts'
import { useDesk } from './use-desk.ts'
import { useKeyboard } from './use-keyboard.ts'
import { useLive } from './use-live.ts'

interface DashboardProps {
  source: DashboardSource
  /** What the first frame shows. */
  first: Overview
  terminal: TerminalControl
  colour: boolean
}

const LEAST = { columns: 40, rows: 14 }
const WHEEL_ROWS = 3
/** From this height on, a row stays free above the tabs. */
const ROOMY = 30

export function Dashboard({ source, first, terminal, colour }: DashboardProps) {
  const { columns: width, rows: height } = useWindowSize()
  const live = useLive(source, first)
  const desk = useDesk(live)
  const { tab, at, search, searching, dialog, message } = desk.now()

  const rows = rowsOf(live, search)
  const header = headerRows(live.view, live.now, width)
  const gap = height >= ROOMY ? 1 : 0
  const tabRow = header.length + gap + 2
  const body = height - tabRow - 1 - footerLines(width).length
  const counts = { secrets: rows.secrets.length, running: rows.running.length, activity: undefined }
  const spans = tabSpans(tab, counts)
  const commands = commandsOf(live.view)

  const actions = useActions({ source, terminal, live, desk })
  useKeyboard({ desk, actions, commands, page: Math.max(1, body - 2) })
  useMouse(terminal, (event) => {
    if (desk.now().dialog) return
    if (event.kind === 'wheel') return desk.move(event.by * WHEEL_ROWS)
    const hit = spans.find(({ from, to }) => event.column >= from && event.column <= to)
    if (event.row === tabRow && hit) desk.set({ tab: hit.tab })
  })

  if (width < LEAST.columns || height < LEAST.rows) {
    return <Line>{`at least ${LEAST.columns}×${LEAST.rows}, please; or: tazpod dashboard --plain`}</Line>
  }
  const selected = selectedIn(tab, rows[tab].length, at[tab])
  const pane = { selected, now: live.now, height: body, width }
  const problem = live.problem && { text: inOneLine(live.problem), tone: 'bad' as const }
  return (
    <ThemeContext value={theme(colour)}>
      <Box flexDirection="column" width={width} height={height}>
        <Header view={live.view} rows={header} width={width} />
        <Block height={gap} />
        <Tabs spans={spans} tab={tab} search={search} searching={searching} width={width} />
        {dialog ? <DialogPane dialog={dialog} height={body} width={width} commands={commands} /> : null}
        {!dialog && tab === 'secrets' ? (
          <SecretsPane {...pane} secrets={rows.secrets} locked={live.view.status.state !== 'unlocked'} />
        ) : null}
        {!dialog && tab === 'running' ? <RunningPane {...pane} running={rows.running} /> : null}
        {!dialog && tab === 'activity' ? (
          <ActivityPane {...pane} lines={rows.activity} label={live.view.status.project} />
        ) : null}
        <MessageLine message={message ?? problem} />
        <Footer width={width} dialog={dialog && dialogKeys(dialog)} />
      </Box>
    </ThemeContext>
  )
}

/** Commands that the project names, for the question which one to explain. */
function commandsOf({ secrets }: Overview): string[] {
  const all = secrets.flatMap(({ grants }) => grants.map(({ command }) => command))
  return [...new Set(all)].filter((command) => command !== '*').sort()
}

function useMouse(terminal: TerminalControl, take: (event: MouseEvent) => void): void {
  const latest = useRef(take)
  latest.current = take
  useEffect(() => {
    terminal.onMouse((event) => latest.current(event))
    return () => terminal.onMouse(undefined)
  }, [terminal])
}
