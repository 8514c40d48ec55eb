/** What exec does about a set that should have been fetched anew, and says about a token that is about to end. */
import { describe, expect, test } from 'vitest'
import { Double, hastyBinary } from '../support/double.ts'
import { type Filling, journalOf } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'
import type { Run } from '../support/tazpod.ts'
import { until } from '../support/until.ts'

/** A set whose plan delivers something that ends after `valid` seconds. */
function ending(value: string, valid: number, session: Filling['session'] = {}): Filling {
  return {
    secrets: { A: value },
    internal: { '@identity': 'key' },
    files: false,
    session,
    plans: (entry) => [
      {
        pattern: 'sh',
        umask: 0o77,
        valid,
        ops: [{ op: 'file', entry: entry('A'), dir: 'a', file: 'f', mode: 0o600, env: 'A_FILE' }],
      },
    ],
  }
}

const sh = (double: Double): Promise<Run> =>
  double.run(['exec', '--non-interactive', '--', '/bin/sh', '-c', 'cat "$A_FILE"'], { env: { TZ_EXEC: '1' } })

/** As a put from inside a command does it: no monitor is started, and none can be at work before it is killed. */
const fillUnkept = async (double: Double, filling: Filling): Promise<void> => {
  await double.fill(filling, { env: { TAZPOD_GHOST: '/a/view' } })
  expect(double.monitors()).toEqual([])
}

const pause = (ms: number): Promise<unknown> => until(() => false, ms)

describe('the end of what is delivered', () => {
  test.each<[string, number, Filling['session'], RegExp]>([
    ['none', 0, {}, /^$/],
    ['far away', 3_600, {}, /^$/],
    [
      'near, and nothing renews it',
      290,
      {},
      /^tazpod: the session token that sh gets ends in 4m\n {2}next: tazpod pull\n$/,
    ],
    ['near, and renewed before', 200, { refresh: 100 }, /^$/],
  ])('%s', async (_what, valid, session, said) => {
    await using scratch = new Scratch()
    const double = new Double(scratch)
    await double.fill(ending('value', valid, session))
    const done = await sh(double)
    expect(done).toMatchObject({ status: 0, stdout: 'value' })
    expect(done.stderr).toMatch(said)
    // another command gets nothing that ends
    expect((await double.run(['exec', '--', 'true'])).stderr).toBe('')
    expect(double.calls()).toEqual([])
  })

  test('very near: to the second', async () => {
    await using scratch = new Scratch()
    const double = new Double(scratch)
    const before = performance.now()
    await double.fill(ending('value', 42))
    const { status, stdout, stderr } = await sh(double)
    const passed = (performance.now() - before) / 1_000 // as many at most; the holder rounds up
    const said = /^tazpod: the session token that sh gets ends in (\d+)s\n {2}next: tazpod pull\n$/
    const left = Number(said.exec(stderr)?.[1])
    expect([status, stdout]).toEqual([0, 'value'])
    expect(left, stderr).toBeLessThanOrEqual(42)
    expect(left, stderr).toBeGreaterThanOrEqual(42 - passed)
    expect(double.calls()).toEqual([])
  })

  test('past: the command runs with it and is told', async () => {
    await using scratch = new Scratch()
    const double = new Double(scratch)
    await double.fill(ending('value', 1))
    await pause(1_100)
    const done = await sh(double)
    expect(done).toMatchObject({ status: 0, stdout: 'value' })
    expect(done.stderr).toBe('tazpod: the session token that sh gets has ended\n  next: tazpod pull\n')
  })

  test('past, with a refresh due: exec does it at once, whoever keeps the session', async () => {
    await using scratch = new Scratch()
    const double = new Double(scratch)
    double.does('pull', { code: 69 }) // the monitor's own try fails
    await double.fill(ending('old', 1, { refresh: 1 }))
    expect(await until(() => double.calls().length === 1, 20_000)).toBe(true)
    double.does('pull', { put: ending('new', 3_600, { refresh: 3_000, cause: 'refresh' }) })
    expect(await sh(double)).toMatchObject({ status: 0, stdout: 'new', stderr: '' })
    expect(double.calls()).toHaveLength(2)
    expect(double.calls()[1]).toMatchObject({ argv: ['pull', '--for-refresh', '--non-interactive'] })
    // one command, noted once
    const events = journalOf(scratch).map(({ event }) => event)
    expect(events.filter((event) => event === 'grant')).toHaveLength(1)
  })
})

const hasty = hastyBinary()

describe.skipIf(hasty === undefined).concurrent('with short times: late', () => {
  test('nobody can fetch: the old set goes on, and its end is told', async () => {
    await using scratch = new Scratch()
    const double = new Double(scratch, hasty)
    await fillUnkept(double, ending('old', 230, { refresh: 1 }))
    await pause(2_300)
    const words =
      /^tazpod: the session token that sh gets ends in 3m, and could not be renewed\n {2}next: tazpod pull\n$/
    const done = await sh(double)
    expect(done).toMatchObject({ status: 0, stdout: 'old' })
    expect(done.stderr).toMatch(words)
    expect(double.calls()).toEqual([])
  })

  test('what is stuck is not waited for at every command, and no Node stays behind', async () => {
    await using scratch = new Scratch()
    const double = new Double(scratch, hasty)
    double.does('pull', { sleep: 60_000, deaf: true })
    await double.fill(ending('old', 1, { refresh: 1 }))
    await pause(2_300)
    const before = performance.now()
    for (let i = 0; i < 3; i++)
      expect(await sh(double)).toMatchObject({
        status: 0,
        stdout: 'old',
        stderr: expect.stringContaining('has ended'),
      })
    expect(performance.now() - before).toBeLessThan(25_000) // EXEC_REFRESH_S once
    expect(
      await until(
        () => scratch.processes().filter((p) => p.command.includes('main.js')).length === 0,
        40_000,
      ),
    ).toBe(true)
  })

  test('a monitor that is at it is waited for', async () => {
    await using scratch = new Scratch()
    const double = new Double(scratch, hasty)
    double.does('pull', { code: 69 })
    await double.fill(ending('old', 3_600, { refresh: 1 }))
    await pause(2_300)
    expect(await until(() => double.calls().length > 0)).toBe(true)
    expect(await sh(double)).toMatchObject({ status: 0, stdout: 'old', stderr: '' })
    expect(double.calls().filter(({ env }) => env.TZ_EXEC)).toEqual([]) // all of them the monitor's
  })
})
