import { type Instance, render, useApp } from 'ink'
import { useEffect } from 'react'
import type { Overview } from '../../app/dashboard/overview.ts'
import type { DashboardSource } from '../../app/dashboard/source.ts'
import { printable, wantsColour } from '../../cli/output.ts'
import { ok } from '../../core/result.ts'
import { Clipboard } from '../terminal/clipboard.ts'
import { TerminalInput } from '../terminal/input.ts'
import type { MouseEvent } from '../terminal/mouse.ts'
import { revealOnScreen } from '../terminal/reveal.ts'
import { Screen } from '../terminal/screen.ts'
import { Dashboard } from './dashboard.tsx'
import type { TerminalControl } from './terminal-control.ts'

type Suspend = (work: () => Promise<void>) => Promise<void>

/** A stop that did not happen (no job control) must not leave us waiting for a SIGCONT. */
const STOP_GRACE_MS = 200

/** Runs the dashboard on this terminal until the person leaves it. */
export async function runDashboard(source: DashboardSource, first: Overview): Promise<void> {
  const screen = await Screen.open()
  const clipboard = new Clipboard(screen)
  let onMouse: ((event: MouseEvent) => void) | undefined
  const input = new TerminalInput((event) => onMouse?.(event))
  let suspend: Suspend = (work) => work()
  const lend = lending(screen, (work) => suspend(work))
  const terminal: TerminalControl = {
    lend,
    onMouse(listener) {
      onMouse = listener
    },
    reveal: (name, ask) => lend(() => revealOnScreen(screen, name, sizeOf(process.stdout), ask)),
    copy: (name, ask, cleared) =>
      lend(async () => {
        const value = await screen.page(() => {
          screen.write(`The passphrase copies ${printable(name)} to the clipboard.\n\n`)
          return ask()
        })
        return value.ok ? ok(clipboard.copy(value.value, cleared)) : value
      }),
    stop: () => lend(stopped),
  }
  let instance: Instance | undefined
  screen.onEnd(() => {
    clipboard.clear()
    instance?.unmount()
    input.setRawMode(false)
  })
  try {
    screen.claim()
    input.setRawMode(true) // before the first frame: a key that comes now must not be echoed into it
    instance = render(
      <Handover
        take={(given) => {
          suspend = given
        }}
      >
        <Dashboard source={source} first={first} terminal={terminal} colour={wantsColour(process.stdout)} />
      </Handover>,
      {
        stdin: input as unknown as NodeJS.ReadStream,
        alternateScreen: true,
        incrementalRendering: true,
        interactive: true, // even where CI is set: whoever sits at a terminal wants to see it
        exitOnCtrlC: false,
        patchConsole: false,
      },
    )
    await instance.waitUntilExit()
  } finally {
    clipboard.clear()
    screen.close()
    input.destroy()
  }
}

/** Takes out of Ink's tree what only a component can get. */
function Handover({ take, children }: { take: (suspend: Suspend) => void; children: React.ReactNode }) {
  const { suspendTerminal } = useApp()
  useEffect(() => take((work) => suspendTerminal(work)), [take, suspendTerminal])
  return children
}

/** Gives the terminal to `work`, one at a time, and takes it back whatever happens. */
function lending(screen: Screen, suspend: Suspend): TerminalControl['lend'] {
  return async (work) => {
    const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof work>>>()
    await suspend(async () => {
      screen.release()
      try {
        resolve(await work())
      } finally {
        screen.claim()
      }
    })
    return promise
  }
}

async function stopped(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  process.once('SIGCONT', resolve)
  process.kill(0, 'SIGTSTP') // the whole job, as the terminal itself would do
  const timer = setTimeout(resolve, STOP_GRACE_MS)
  await promise
  clearTimeout(timer)
  process.off('SIGCONT', resolve)
}

function sizeOf({ columns = 80, rows = 24 }: NodeJS.WriteStream): { columns: number; rows: number } {
  return { columns, rows }
}
