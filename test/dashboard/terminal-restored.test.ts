import { expect, test } from 'vitest'
import { dashboardProgram, started } from '../support/dashboard/dashboard.ts'
import { CANARY } from '../support/dashboard/world.ts'
import { Scratch } from '../support/scratch.ts'
import { KEY, Terminal } from '../support/terminal.ts'
import { until } from '../support/until.ts'

const CLEAN = { alternateScreen: false, mouse: 'none', cursorHidden: false, bracketedPaste: false }
const RUNNING = { alternateScreen: true, mouse: 'vt200', cursorHidden: true, bracketedPaste: false }

const hasModes = (terminal: Terminal, wanted: object) =>
  JSON.stringify(terminal.modes) === JSON.stringify(wanted)

/**
 * A shell that runs the dashboard between two looks at the terminal's settings. It gives whoever has to put them back
 * twenty seconds, and takes part in nothing itself: it is neither interactive nor bash. What it has to say waits for
 * the word `go`: a guard may leave the alternate screen after the shell goes on, and what was written there is gone.
 */
async function between(scratch: Scratch, world = 'unlocked'): Promise<Terminal> {
  const program = (await dashboardProgram(world)).join(' ')
  const script = `trap : INT TERM; s=$(stty -g); stty -a | md5sum | sed 's/^/before /'
    ${program}; code=$?
    n=0; until [ "$(stty -g)" = "$s" ] || [ $n = 400 ]; do n=$((n+1)); sleep .05; done
    until [ "$word" = go ]; do read -r word; done
    stty -a | md5sum | sed 's/^/after /'; echo "code=$code"
    until [ "$word" = end ]; do read -r word; done; echo END`
  return new Terminal(scratch, ['sh', '-c', script], { cols: 80, rows: 24, env: { TZ: 'UTC' } })
}

/** The exit code that the shell saw, after it was checked that the terminal is as it was. */
async function restored(terminal: Terminal): Promise<number> {
  const isClean = () => hasModes(terminal, CLEAN)
  const isSaid = () => /^after [0-9a-f]{32}[\s\S]*code=\d/m.test(terminal.text())
  expect(await until(isClean, 25_000), terminal.text()).toBe(true)
  // Again and again: what is typed before the dashboard has ended may be taken for its keys.
  const go = () => {
    terminal.type('\ngo\n')
    return until(isSaid, 500)
  }
  expect(await until(go, 25_000), terminal.text()).toBe(true)
  const text = terminal.text()
  const settings = (word: string) => new RegExp(`^${word} ([0-9a-f]{32})`, 'm').exec(text)?.[1]
  expect(settings('after'), text).toBe(settings('before'))
  expect(isClean(), text).toBe(true)
  expect(text).not.toContain('[1 secrets')
  terminal.type('end\n')
  await terminal.waitForText('END')
  return Number(/code=(\d+)/.exec(terminal.text())?.[1])
}

function dashboardOf(scratch: Scratch): number {
  const found = scratch.processes().find((p) => /^\S*node \S*dashboard-program/.test(p.command))
  if (!found) throw new Error(`no dashboard: ${JSON.stringify(scratch.processes())}`)
  return found.pid
}

async function running(scratch: Scratch, world?: string): Promise<Terminal> {
  const terminal = await between(scratch, world)
  await started(terminal)
  expect(await until(() => hasModes(terminal, RUNNING), 15_000)).toBe(true)
  return terminal
}

test.each([
  ['q', 'q', 0],
  ['Ctrl-C', KEY.ctrlC, 0],
])('%s leaves the terminal as it was', async (_name, keys, code) => {
  await using scratch = new Scratch()
  await using terminal = await running(scratch)
  terminal.type(keys)
  expect(await restored(terminal)).toBe(code)
})

test.each([
  ['SIGTERM', 143],
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGKILL', 137],
  ['SIGSEGV', 139],
] as const)('%s leaves the terminal as it was', async (signal, code) => {
  await using scratch = new Scratch()
  await using terminal = await running(scratch)
  process.kill(dashboardOf(scratch), signal)
  expect(await restored(terminal)).toBe(code)
})

test.each([
  ['an exception out of the blue', 'crash-later', 'ly', 'thrown out of the blue'],
  ['a rejected promise', 'crash-in-a-look', 'ly', 'a look that was rejected'],
])('%s: the terminal is as it was, and the report can be read', async (_name, world, keys, report) => {
  await using scratch = new Scratch()
  await using terminal = await running(scratch, world)
  terminal.type(keys)
  await terminal.waitForText(`REPORT ${report}`)
  expect(await restored(terminal)).toBe(70)
  expect(terminal.text()).toContain(`REPORT ${report}`)
})

test('SIGKILL while a value is shown: it is gone from the screen too', async () => {
  await using scratch = new Scratch()
  await using terminal = await running(scratch)
  terminal.type('r')
  await terminal.waitForText(CANARY)
  process.kill(dashboardOf(scratch), 'SIGKILL')
  expect(await restored(terminal)).toBe(137)
  expect(terminal.text()).not.toContain(CANARY)
})

/** Every moment at which the screen changes hands: into the dashboard, to a value's page, and back. */
test.each([
  ['entered by the dashboard', '\x1b[?1049h', 1, ''],
  ['left for a page', '\x1b[?1049l', 1, 'r'],
  ['entered by a page', '\x1b[?1049h', 2, 'r'],
  ['left by a page', '\x1b[?1049l', 2, 'r '],
  ['entered again', '\x1b[?1049h', 3, 'r '],
])('SIGKILL as the alternate screen is %s', async (_name, sequence, times, keys) => {
  await using scratch = new Scratch()
  await using terminal = await between(scratch)
  if (keys !== '') await started(terminal)
  terminal.type(keys.slice(0, 1))
  if (keys.length > 1) {
    await terminal.waitForText(CANARY)
    terminal.type(keys.slice(1))
  }
  await terminal.waitForScreen(() => terminal.raw.split(sequence).length > times)
  process.kill(dashboardOf(scratch), 'SIGKILL')
  expect(await restored(terminal)).toBe(137)
  expect(terminal.text()).toMatch(/^before [0-9a-f]{32}/m)
  expect(terminal.text()).not.toContain(CANARY)
})

test('SIGTERM while a value is shown: it is gone from the screen too', async () => {
  await using scratch = new Scratch()
  await using terminal = await running(scratch)
  terminal.type('r')
  await terminal.waitForText(CANARY)
  process.kill(dashboardOf(scratch), 'SIGTERM')
  expect(await restored(terminal)).toBe(143)
  expect(terminal.text()).not.toContain(CANARY)
})

test.each(['SIGTERM', 'SIGKILL'] as const)('%s after a copy empties the clipboard', async (signal) => {
  await using scratch = new Scratch()
  await using terminal = await running(scratch)
  terminal.type('c')
  await terminal.waitForText('was sent to the clipboard')
  process.kill(dashboardOf(scratch), signal)
  await restored(terminal)
  expect(terminal.raw.lastIndexOf('\x1b]52;c;\x07')).toBeGreaterThan(terminal.raw.indexOf('\x1b]52;c;Y2Fu'))
})

test('Ctrl-Z gives the terminal back, fg draws the dashboard again', async () => {
  await using scratch = new Scratch()
  await using terminal = new Terminal(scratch, ['sh', '-i', '-m'], {
    cols: 80,
    rows: 24,
    env: { PS1: 'PROMPT> ' },
  })
  await terminal.waitForText('PROMPT>')
  terminal.line(`stty -a | md5sum; ${(await dashboardProgram('unlocked')).join(' ')}`)
  await started(terminal)
  terminal.type(KEY.ctrlZ)
  await terminal.waitForText('Stopped')
  expect(terminal.modes).toEqual(CLEAN)
  terminal.line('stty -a | md5sum')
  await terminal.waitForText(/([0-9a-f]{32})[\s\S]*\1/)
  terminal.line('fg')
  await terminal.waitForScreen((screen) => screen.includes('[1 secrets'))
  terminal.type('2')
  await terminal.waitForScreen((screen) => screen.includes('[2 running'))
  terminal.type('q')
  await terminal.waitForText('ENDED')
  terminal.line('stty -a | md5sum; exit')
  await terminal.waitForText(/([0-9a-f]{32})[\s\S]*\1[\s\S]*\1/)
})
