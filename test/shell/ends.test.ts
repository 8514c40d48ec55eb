/** However a session ends, the terminal is as it was and nothing is left: no process, no mount, no secret. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { killed } from '../support/processes.ts'
import { Scratch } from '../support/scratch.ts'
import {
  footerShows,
  heldProject,
  partsOf,
  pidsOf,
  ready,
  SESSION_CONFIG,
  shellAtTerminal,
  shellWithin,
} from '../support/shell/session.ts'
import { busy, isAsBefore, isGone } from '../support/shell/session-end.ts'
import { tazpod } from '../support/tazpod.ts'
import { until } from '../support/until.ts'

let scratch: Scratch
beforeEach(() => {
  scratch = new Scratch()
})
afterEach(() => scratch[Symbol.asyncDispose]())

describe.each([false, true])('SIGKILL with the alternate screen %s', (alternate) => {
  // The shell outside waits for the parent: with that gone it writes its prompt at once, onto the alternate screen, and
  // a person who does not see it there presses Enter.
  test.each(['node', 'parent', 'shell', 'watch', 'restorer'] as const)('of the %s', async (part) => {
    await heldProject(scratch)
    await using terminal = await shellWithin(scratch)
    const parts = await busy(scratch, terminal, alternate)
    process.kill(parts[part], 'SIGKILL')
    if (part === 'watch' || part === 'restorer') {
      // Not needed to go on: the session ends later, cleanly.
      process.kill(parts.shell, 'SIGHUP')
    }
    if (part !== 'parent') await terminal.waitForText(/code=\d+/)
    await isGone(scratch, parts)
    await isAsBefore(scratch, terminal, !(part === 'parent' && alternate))
    terminal.line('exit')
    await terminal.exit()
  })

  test('of the parent and Node at once', async () => {
    await heldProject(scratch)
    await using terminal = await shellWithin(scratch)
    const parts = await busy(scratch, terminal, alternate)
    process.kill(-parts.parent, 'SIGKILL')
    await isGone(scratch, parts)
    await isAsBefore(scratch, terminal, !alternate)
    terminal.line('exit')
    await terminal.exit()
  })
})

test.each(['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const)(
  '%s to the session ends it',
  async (signal) => {
    await heldProject(scratch)
    await using terminal = await shellWithin(scratch)
    const parts = await busy(scratch, terminal, true)
    process.kill(parts.parent, signal)
    await terminal.waitForText(/code=\d+/)
    await isGone(scratch, parts)
    await isAsBefore(scratch, terminal)
    terminal.line('exit')
    await terminal.exit()
  },
)

test('a closed window: everything ends, the holder stays', async () => {
  await heldProject(scratch)
  const terminal = shellAtTerminal(scratch)
  await ready(terminal)
  const parts = await busy(scratch, terminal, false)
  terminal.hangUp()
  await isGone(scratch, parts)
  await terminal[Symbol.asyncDispose]()
})

test('a background job of the shell that ignores the hang-up does not keep the session', async () => {
  await heldProject(scratch)
  await using terminal = await shellWithin(scratch)
  const parts = await partsOf(scratch)
  terminal.line("(trap '' HUP; exec sleep 123) &")
  expect(await until(() => pidsOf(scratch, 'sleep 123').length === 1)).toBe(true)
  terminal.line('exit 4')
  await terminal.waitForText('code=4')
  await isGone(scratch, parts)
  await isAsBefore(scratch, terminal)
  expect(pidsOf(scratch, 'sleep 123')).toHaveLength(1)
  for (const pid of pidsOf(scratch, 'sleep 123')) await killed(pid)
  terminal.line('exit')
  await terminal.exit()
})

test('a crash of Node: the message is read on a clean screen', async () => {
  await heldProject(scratch)
  await using terminal = await shellWithin(scratch)
  const parts = await busy(scratch, terminal, true)
  process.kill(parts.node, 'SIGSEGV')
  await terminal.waitForText('the session was killed (signal 11)')
  await terminal.waitForText('code=139')
  await isGone(scratch, parts)
  await isAsBefore(scratch, terminal)
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
    await ready(one)
    await using two = shellAtTerminal(scratch)
    await ready(two)
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
    await ready(one)
    await using two = shellAtTerminal(scratch)
    await ready(two)
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
    await ready(shell)
    shell.line('exit')
    await shell.exit()
    expect(await state()).toBe('unlocked')
    plain.line('exit')
    await plain.exit()
  })

  test.each(['node', 'parent', 'shell'] as const)('SIGKILL of the %s is an exit too', async (part) => {
    await heldProject(scratch, LOCKS)
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    const parts = await partsOf(scratch)
    process.kill(parts[part], 'SIGKILL')
    await shell.exit()
    expect(await until(async () => (await state()) === 'locked', 15_000)).toBe(true)
  })

  /** Kills Node as soon as it is there: some 60 ms before it could have read the project's file. */
  async function killedEarly(config: string): Promise<void> {
    await heldProject(scratch, config)
    await using shell = shellAtTerminal(scratch)
    const node = (): number[] =>
      scratch.processes().flatMap(({ pid, command }) => (command.includes('main.js shell') ? [pid] : []))
    expect(await until(() => node().length === 1)).toBe(true)
    for (const pid of node()) process.kill(pid, 'SIGKILL')
    await shell.exit()
  }

  test('SIGKILL before Node has read anything locks where what is held says so', async () => {
    await killedEarly(LOCKS)
    expect(await state()).toBe('locked')
  })

  test('SIGKILL before Node has read anything locks nothing elsewhere', async () => {
    await killedEarly(SESSION_CONFIG)
    expect(await state()).toBe('unlocked')
  })

  test('a closed window too', async () => {
    await heldProject(scratch, LOCKS)
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    shell.hangUp()
    await shell.exit()
    expect(await until(async () => (await state()) === 'locked', 15_000)).toBe(true)
  })
})
