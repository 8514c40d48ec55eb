/** Whoever ends while the shell's terminal is lent to something else: the terminal is as it was, and nothing is left. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { must } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import {
  footerShows,
  type Parts,
  PREFIX,
  partsOf,
  shellWithin,
  unlockedProject,
} from '../support/shell/session.ts'
import { isAsBefore } from '../support/shell/session-end.ts'
import { KEY, type Terminal } from '../support/terminal.ts'
import { until } from '../support/until.ts'

let scratch: Scratch
beforeEach(() => {
  scratch = new Scratch()
})
afterEach(() => scratch[Symbol.asyncDispose]())

/** What is lent the terminal: its key, and what is then on the screen. */
const LENT = [
  ['the help', '?', 'any key goes back'],
  ['the dashboard', 'd', '[1 secrets'],
  ['the passphrase', 'u', 'Passphrase of the vault:'],
] as const

/** A session of a locked project that lends its terminal. */
async function lent(key: string, text: string): Promise<{ terminal: Terminal; parts: Parts }> {
  await unlockedProject(scratch)
  const terminal = await shellWithin(scratch)
  const parts = await partsOf(scratch)
  await must(scratch, ['lock'])
  await footerShows(terminal, 'LOCKED')
  terminal.type(`${PREFIX}${key}`)
  await terminal.waitForText(text)
  return { terminal, parts }
}

/** Everything but the shell outside, which then goes on as before. */
async function isOver(terminal: Terminal): Promise<void> {
  const left = (): string[] =>
    scratch.processes().flatMap(({ pid, command }) => (pid === terminal.pid ? [] : [command]))
  await until(() => left().length === 0, 15_000)
  expect(left()).toEqual([])
  await isAsBefore(scratch, terminal, false)
  terminal.line('exit')
  await terminal.exit()
}

describe.each(LENT)('%s', (_name, key, text) => {
  test.each(['node', 'parent', 'shell'] as const)('SIGKILL of the %s', async (part) => {
    const { terminal, parts } = await lent(key, text)
    process.kill(parts[part], 'SIGKILL')
    await isOver(terminal)
  })

  test('SIGKILL of all of the job', async () => {
    const { terminal, parts } = await lent(key, text)
    process.kill(-parts.parent, 'SIGKILL')
    await isOver(terminal)
  })

  test('SIGTERM', async () => {
    const { terminal, parts } = await lent(key, text)
    process.kill(parts.parent, 'SIGTERM')
    await isOver(terminal)
  })

  test('a closed window', async () => {
    const { terminal } = await lent(key, text)
    terminal.hangUp()
    expect(await until(() => scratch.processes().length === 0, 15_000)).toBe(true)
  })
})

test.each(LENT.slice(1))(
  'Ctrl-Z in %s: there is no shell to type fg in, so it goes on',
  async (_name, key, text) => {
    const { terminal } = await lent(key, text)
    const drawn = terminal.raw.split(text).length
    const top = terminal.screenRows()[0]
    terminal.type(KEY.ctrlZ)
    await terminal.waitForScreen(() => terminal.raw.split(text).length > drawn)
    await terminal.waitForScreen(() => terminal.screenRows()[0] === top)
    terminal.type(KEY.ctrlC)
    await terminal.waitForScreen((screen) => /any key goes back/.test(screen) || /LOCKED/.test(screen))
    terminal.type(' ')
    await footerShows(terminal, 'LOCKED')
    terminal.line('exit')
    await terminal.waitForText('code=0')
    await isOver(terminal)
  },
)

test('who lends it is killed: the command ends, and the session has it back', async () => {
  const { terminal } = await lent('u', 'Passphrase of the vault:')
  const lender = scratch.processes().find(({ command }) => command.includes('ghost lend'))
  process.kill(lender?.pid ?? 0, 'SIGKILL')
  await terminal.waitForText('any key goes back')
  terminal.type(' ')
  await footerShows(terminal, 'LOCKED')
  terminal.line('echo "and $((40 + 2))"; exit')
  await terminal.waitForText('and 42')
  await terminal.waitForText('code=0')
  await isOver(terminal)
})
