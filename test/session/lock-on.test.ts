/** `session: { lockOn: [suspend, screen] }`: what logind tells locks, and what it can't tell is said. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { reasonsOf, runtimeOf } from '../support/holder.ts'
import { tazpodBinary } from '../support/installed.ts'
import { HAS_LOGIND, Logind } from '../support/logind.ts'
import { makeProject, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { footerShows, ready, shellAtTerminal } from '../support/shell/session.ts'
import { unlocked } from '../support/story.ts'
import { tazpod } from '../support/tazpod.ts'
import { until } from '../support/until.ts'
import { testUid } from '../support/users.ts'

const config = (events: string) =>
  `version: 1\nprovider: vault\nsecrets: [{ name: A }]\nsession: { lockOn: [${events}] }\n`
const state = async (scratch: Scratch) =>
  JSON.parse((await tazpod(scratch, ['status', '--json'])).stdout).state
const sentinels = (scratch: Scratch) =>
  scratch.processes().filter(({ command }) => command.includes('ghost sentinel'))

/** Unlocked, with a logind to listen to. */
async function world(events: string): Promise<{ scratch: Scratch; logind: Logind } & AsyncDisposable> {
  const scratch = new Scratch()
  const logind = await Logind.start(testUid())
  Object.assign(scratch.env, logind.env)
  await unlocked(scratch, { config: config(events), secrets: { A: 'a' } })
  const dispose = async () => {
    await logind[Symbol.asyncDispose]()
    await scratch[Symbol.asyncDispose]()
  }
  return { scratch, logind, [Symbol.asyncDispose]: dispose }
}

describe.skipIf(!HAS_LOGIND)('session.lockOn', () => {
  test('suspend: the sleep waits until it is locked', async () => {
    await using w = await world('suspend')
    const { scratch, logind } = w
    expect(logind.inhibitors()).toContain('tazpod')
    logind.askToLock() // not asked for
    logind.sleep(false)
    expect(await state(scratch)).toBe('unlocked')
    logind.sleep(true)
    expect(await until(async () => (await state(scratch)) === 'locked')).toBe(true)
    expect(reasonsOf(scratch, 'lock')).toEqual(['the machine went to sleep'])
    expect(await until(() => !logind.inhibitors().includes('tazpod'))).toBe(true)
    expect(await until(() => scratch.processes().length === 0)).toBe(true)
  })

  test.each<[string, (logind: Logind) => void]>([
    ['the desktop is asked to', (logind) => logind.askToLock()],
    ['the locker has', (logind) => logind.locked(true)],
  ])('screen: locked when %s', async (_, lockScreen) => {
    await using w = await world('screen')
    const { scratch, logind } = w
    expect(logind.inhibitors()).not.toContain('tazpod')
    logind.sleep(true) // not asked for
    logind.locked(false)
    logind.addSession('other', testUid() + 1)
    logind.askToLock('other')
    logind.locked(true, 'other')
    expect(await state(scratch)).toBe('unlocked')
    lockScreen(logind)
    expect(await until(async () => (await state(scratch)) === 'locked')).toBe(true)
    expect(reasonsOf(scratch, 'lock')).toEqual(['the screen was locked'])
  })

  test('one listens, however often it is pulled; it ends with the session, and with what the project asks for', async () => {
    await using w = await world('suspend, screen')
    const { scratch, logind } = w
    const pull = () => must(scratch, ['pull'], { passphrase: PASSPHRASE })
    const [first] = sentinels(scratch)
    await pull()
    await pull()
    expect(sentinels(scratch)).toEqual([first])
    await makeProject(scratch, config(''))
    await pull()
    logind.sleep(true)
    expect(await until(() => sentinels(scratch).length === 0)).toBe(true)
    expect(await state(scratch)).toBe('unlocked')
    await makeProject(scratch, config('suspend'))
    await pull()
    expect(sentinels(scratch)).toHaveLength(1)
    await must(scratch, ['lock'])
    expect(await until(() => scratch.processes().length === 0)).toBe(true)
    await pull() // a new session has one of its own
    expect(sentinels(scratch)).toHaveLength(1)
    logind.sleep(true)
    expect(await until(async () => (await state(scratch)) === 'locked')).toBe(true)
  })

  test('a bus and a logind that start anew are heard again', async () => {
    await using w = await world('suspend')
    const { scratch, logind } = w
    await logind.stopService()
    await logind.startService(testUid()) // another name on the same bus
    await logind.stopBus()
    await logind.startBus()
    await logind.startService(testUid())
    expect(await until(() => logind.inhibitors().includes('tazpod'), 20_000)).toBe(true)
    logind.sleep(true)
    expect(await until(async () => (await state(scratch)) === 'locked')).toBe(true)
  })

  test('a logind that starts anew on the same bus is heard, and nobody else is', async () => {
    await using w = await world('suspend')
    const { scratch, logind } = w
    const path = ['/org/freedesktop/login1', 'org.freedesktop.login1.Manager', 'PrepareForSleep'] as const
    logind.forged(...path)
    await new Promise((resolve) => setTimeout(resolve, 500)) // what it would have done, it would have done by now
    expect(await state(scratch)).toBe('unlocked')
    await logind.stopService()
    await logind.startService(testUid())
    logind.sleep(true)
    expect(await until(async () => (await state(scratch)) === 'locked')).toBe(true)
  })

  test('a holder that does not answer is ended: nothing sleeps with the secrets in memory', async () => {
    await using w = await world('suspend')
    const { scratch, logind } = w
    const holder = JSON.parse(await must(scratch, ['status', '--json'])).holder as number
    process.kill(holder, 'SIGSTOP')
    logind.sleep(true)
    await until(() => sentinels(scratch).length === 0, 20_000)
    process.kill(holder, 'SIGCONT')
    expect(await until(() => scratch.processes().length === 0)).toBe(true)
  })

  test('pulled in a shell, it listens outside of the shell: for the holder, not for the view', async () => {
    await using w = await world('suspend')
    const { scratch, logind } = w
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    await must(scratch, ['lock'])
    await footerShows(shell, 'LOCKED')
    expect(await until(() => sentinels(scratch).length === 0)).toBe(true)
    shell.line(`'${tazpodBinary()}' pull`)
    await shell.waitForText('Passphrase of the vault:')
    shell.line(PASSPHRASE)
    await shell.waitForText(/^unlocked:/m)
    expect(await until(() => logind.inhibitors().includes('tazpod'))).toBe(true)
    shell.line('exit')
    await shell.exit()
    logind.sleep(true)
    expect(await until(async () => (await state(scratch)) === 'locked')).toBe(true)
    expect(await until(() => scratch.processes().length === 0)).toBe(true)
  })
})

test('without a logind the session is unlocked, and it is said that nothing locks by itself', async () => {
  await using scratch = new Scratch()
  Object.assign(scratch.env, { DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nonexistent/bus' })
  await unlocked(scratch, { config: config('suspend'), secrets: { A: 'a' } })
  const pulled = await tazpod(scratch, ['pull'])
  expect(pulled.status).toBe(0)
  expect(pulled.stderr).toContain(
    "session.lockOn: logind can't be heard, so nothing locks by itself (the system bus: No such file",
  )
  expect(await state(scratch)).toBe('unlocked')
  expect(() => readFileSync(join(runtimeOf(scratch), 'sentinel'))).toThrow('ENOENT')
  expect(await must(scratch, ['trust', '--show'])).toContain('locks when the machine goes to sleep')
})
