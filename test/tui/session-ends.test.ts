/** However a session ends, the terminal is as it was and nothing is left: no process, no mount, no secret. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { killed } from '../support/processes.ts'
import { Scratch } from '../support/scratch.ts'
import {
  footerShows,
  heldProject,
  type Parts,
  partsOf,
  ready,
  readyToLock,
  SESSION_CONFIG,
  shellAtTerminal,
  shellWithin,
} from '../support/session.ts'
import { tazpod } from '../support/tazpod.ts'
import type { Terminal } from '../support/terminal.ts'
import { until } from '../support/until.ts'

let scratch: Scratch
beforeEach(() => {
  scratch = new Scratch()
})
afterEach(() => scratch[Symbol.asyncDispose]())

const pidsOf = (command: string): number[] =>
  scratch.processes().flatMap((one) => (one.command === command ? [one.pid] : []))

const MODES = String.raw`printf '\e[?1003h\e[?1006h\e[?2004h\e[?25l\e[?1h\e='`

/** Full of modes, perhaps on the alternate screen, with a command running. */
async function busy(terminal: Terminal, alternate: boolean): Promise<Parts> {
  const parts = await partsOf(scratch)
  terminal.line(`${MODES}; ${alternate ? String.raw`printf '\e[?1049hinside'` : 'echo inside'}; sleep 1000`)
  await terminal.waitForScreen((screen) => /^inside/m.test(screen))
  // Before that a shell that ends leaves it behind, with tazpod or without: it is in no job yet.
  expect(await until(() => pidsOf('sleep 1000').length === 1)).toBe(true)
  expect(terminal.state()).toMatchObject({
    alternate,
    modes: { mouseTrackingMode: 'any', applicationCursorKeysMode: true },
  })
  return parts
}

/** The person types on in the shell outside: settings, screen and modes are those of before. */
async function isAsBefore(terminal: Terminal, promptIsThere = true): Promise<void> {
  const read = (name: string): string => readFileSync(join(scratch.home, name), 'utf8')
  if (!promptIsThere) terminal.line('')
  await terminal.waitForScreen((screen) => screen.endsWith('\n$'))
  terminal.line('stty -a > "$HOME/after"; echo "and $((40 + 2))"; seq 29 30; echo last')
  await terminal.waitForText(/^last/m)
  expect(read('after')).toBe(read('before'))
  const { alternate, modes } = terminal.state()
  expect({ alternate, ...modes }).toMatchObject({
    alternate: false,
    mouseTrackingMode: 'none',
    applicationCursorKeysMode: false,
    applicationKeypadMode: false,
  })
  expect(terminal.screen()).toMatch(/^and 42\n29\n30\nlast/m)
  expect(terminal.screen()).not.toContain('unlocked')
  const hidden = terminal.raw.lastIndexOf('\x1b[?25l')
  expect(terminal.raw.lastIndexOf('\x1b[?25h')).toBeGreaterThanOrEqual(hidden)
}

async function isGone(parts: Parts): Promise<void> {
  const all = [...Object.values(parts)]
  const alive = (): number[] => scratch.processes().flatMap(({ pid }) => (all.includes(pid) ? [pid] : []))
  await until(() => alive().length === 0, 15_000)
  expect(alive()).toEqual([])
  // The holder hears of an end a moment after the process has left /proc.
  const status = async () => JSON.parse((await tazpod(scratch, ['status', '--json'])).stdout)
  await until(async () => (await status()).running?.length === 0)
  expect(await status()).toMatchObject({ state: 'unlocked', running: [] })
}

describe.each([false, true])('SIGKILL with the alternate screen %s', (alternate) => {
  // The shell outside waits for the parent: with that gone it writes its prompt at once, onto the alternate screen, and
  // a person who does not see it there presses Enter.
  test.each(['node', 'parent', 'shell', 'watch', 'guard'] as const)('of the %s', async (part) => {
    await heldProject(scratch)
    await using terminal = await shellWithin(scratch)
    const parts = await busy(terminal, alternate)
    process.kill(parts[part], 'SIGKILL')
    if (part === 'watch' || part === 'guard') {
      // Not needed to go on: the session ends later, cleanly.
      process.kill(parts.shell, 'SIGHUP')
    }
    if (part !== 'parent') await terminal.waitForText(/code=\d+/)
    await isGone(parts)
    await isAsBefore(terminal, !(part === 'parent' && alternate))
    terminal.line('exit')
    await terminal.exit()
  })

  test('of the parent and Node at once', async () => {
    await heldProject(scratch)
    await using terminal = await shellWithin(scratch)
    const parts = await busy(terminal, alternate)
    process.kill(-parts.parent, 'SIGKILL')
    await isGone(parts)
    await isAsBefore(terminal, !alternate)
    terminal.line('exit')
    await terminal.exit()
  })
})

test.each(['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const)(
  '%s to the session ends it',
  async (signal) => {
    await heldProject(scratch)
    await using terminal = await shellWithin(scratch)
    const parts = await busy(terminal, true)
    process.kill(parts.parent, signal)
    await terminal.waitForText(/code=\d+/)
    await isGone(parts)
    await isAsBefore(terminal)
    terminal.line('exit')
    await terminal.exit()
  },
)

test('a closed window: everything ends, the holder stays', async () => {
  await heldProject(scratch)
  const terminal = shellAtTerminal(scratch)
  await ready(terminal)
  const parts = await busy(terminal, false)
  terminal.hangUp()
  await isGone(parts)
  await terminal[Symbol.asyncDispose]()
})

test('a background job of the shell that ignores the hang-up does not keep the session', async () => {
  await heldProject(scratch)
  await using terminal = await shellWithin(scratch)
  const parts = await partsOf(scratch)
  terminal.line("(trap '' HUP; exec sleep 123) &")
  expect(await until(() => pidsOf('sleep 123').length === 1)).toBe(true)
  terminal.line('exit 4')
  await terminal.waitForText('code=4')
  await isGone(parts)
  await isAsBefore(terminal)
  expect(pidsOf('sleep 123')).toHaveLength(1)
  for (const pid of pidsOf('sleep 123')) await killed(pid)
  terminal.line('exit')
  await terminal.exit()
})

test('a crash of Node: the message is read on a clean screen', async () => {
  await heldProject(scratch)
  await using terminal = await shellWithin(scratch)
  const parts = await busy(terminal, true)
  process.kill(parts.node, 'SIGSEGV')
  await terminal.waitForText('the session was killed (signal 11)')
  await terminal.waitForText('code=139')
  await isGone(parts)
  await isAsBefore(terminal)
  terminal.line('exit')
  await terminal.exit()
})

describe('session.lockOnExit', () => {
  const LOCKS = `${SESSION_CONFIG}session: { lockOnExit: true }\n`
  const state = async (): Promise<string> =>
    JSON.parse((await tazpod(scratch, ['status', '--json'])).stdout).state

  test('not set: the exit of the shell locks nothing', async () => {
    await heldProject(scratch)
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    shell.line('exit')
    await shell.exit()
    expect(await state()).toBe('unlocked')
  })

  test('the exit of the last shell locks, that of another does not', async () => {
    await heldProject(scratch, LOCKS)
    await using one = shellAtTerminal(scratch)
    await readyToLock(one)
    await using two = shellAtTerminal(scratch)
    await readyToLock(two)
    one.line('exit')
    await one.exit()
    expect(await state()).toBe('unlocked')
    two.line('exit 2')
    expect(await two.exit()).toMatchObject({ exitCode: 2 })
    expect(await state()).toBe('locked')
  })

  test('another session counts even when its shell is unknown to a new holder', async () => {
    await heldProject(scratch, LOCKS)
    await using one = shellAtTerminal(scratch)
    await readyToLock(one)
    await using two = shellAtTerminal(scratch)
    await readyToLock(two)
    await tazpod(scratch, ['lock'])
    await footerShows(one, 'LOCKED')
    await heldProject(scratch, LOCKS)
    one.line('exit')
    await one.exit()
    expect(await state()).toBe('unlocked')
    two.line('exit')
    await two.exit()
    expect(await state()).toBe('locked')
  })

  test('a plain shell counts', async () => {
    await heldProject(scratch, LOCKS)
    await using plain = shellAtTerminal(scratch, { flags: ['--plain'] })
    await plain.waitForText('in>')
    await using shell = shellAtTerminal(scratch)
    await readyToLock(shell)
    shell.line('exit')
    await shell.exit()
    expect(await state()).toBe('unlocked')
    plain.line('exit')
    await plain.exit()
  })

  test.each(['node', 'parent', 'shell'] as const)('SIGKILL of the %s is an exit too', async (part) => {
    await heldProject(scratch, LOCKS)
    await using shell = shellAtTerminal(scratch)
    await readyToLock(shell)
    const parts = await partsOf(scratch)
    process.kill(parts[part], 'SIGKILL')
    await shell.exit()
    expect(await until(async () => (await state()) === 'locked', 15_000)).toBe(true)
  })

  test('a closed window too', async () => {
    await heldProject(scratch, LOCKS)
    await using shell = shellAtTerminal(scratch)
    await readyToLock(shell)
    shell.hangUp()
    await shell.exit()
    expect(await until(async () => (await state()) === 'locked', 15_000)).toBe(true)
  })
})
