/** The monitor fetches a set anew: in time, again after a failure, and never against the end of the session. */
import { describe, expect, test } from 'vitest'
import { Double, hastyBinary } from '../support/double.ts'
import { type Filling, frameOf, holderPid, journalOf, reasonsOf, sh } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'

const IDENTITY = { '@identity': 'key' }
const set = (value: string, session: Filling['session']): Filling => ({
  secrets: { A: value },
  internal: IDENTITY,
  session: { max: 600, idle: 600, ...session },
})
/** Fetched anew after a second; its successor after an hour. */
const FIRST = set('old', { refresh: 1 })
const NEXT = set('new', { refresh: 3_600, max: 7_200, cause: 'refresh' })

interface Status {
  state: string
  expiresAt: string
  idleAt: string
  refresh: { state: string; at: string | null; last: string | null }
}
const statusOf = async (double: Double): Promise<Status> =>
  JSON.parse((await double.run(['status', '--json'])).stdout) as Status
const refreshes = (scratch: Scratch): unknown[] => reasonsOf(scratch, 'refresh')
/** Every process has ended, Node's last word among them. */
const gone = (scratch: Scratch): Promise<boolean> => until(() => scratch.processes().length === 0, 20_000)

test('it runs Node at its time, in the folder and environment of the pull', async () => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  const cwd = scratch.folder('home/project/below')
  double.does('pull', { put: NEXT })
  await double.fill(FIRST, { cwd, env: { HTTPS_PROXY: 'http://proxy', NODE_OPTIONS: '--require=/x' } })
  const started = performance.now()
  const before = await statusOf(double)
  const took = performance.now() - started
  const [monitor] = double.monitors()
  expect(await until(() => refreshes(scratch).length > 0, 20_000)).toBe(true)
  expect(refreshes(scratch)).toEqual(['done'])
  expect((await sh(scratch, 'cat "$A_FILE"')).stdout).toBe('new')
  const [call] = double.calls()
  expect(call).toMatchObject({
    argv: ['pull', '--for-refresh', '--non-interactive'],
    cwd,
    stdin: { size: 0 },
  })
  expect(call?.env).toMatchObject({ HOME: scratch.home, HTTPS_PROXY: 'http://proxy' })
  expect(call?.env.NODE_OPTIONS).toBeUndefined()
  expect(double.calls()).toHaveLength(1)
  expect(double.monitors()).toEqual([monitor])
  // the ends are those of the unlock, in whole seconds, and later by what status itself takes to say them
  const again = performance.now()
  const after = await statusOf(double)
  const late = Math.max(took, performance.now() - again)
  expect(Math.abs(Date.parse(after.expiresAt) - Date.parse(before.expiresAt))).toBeLessThanOrEqual(
    1_000 + late,
  )
  expect(Date.parse(after.refresh.at ?? '')).toBeGreaterThan(Date.now() + 3_000_000)
  expect(Date.parse(after.refresh.last ?? '')).toBeGreaterThan(Date.now() - 60_000)
  expect((await double.run(['status'])).stdout).toMatch(/^ {2}refresh {4}in (59m|1h)$/m)
})

test('a refresh does not start the idle time anew', async () => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  double.does('pull', { put: set('new', { refresh: 1, idle: 6, cause: 'refresh' }) })
  await double.fill(set('old', { refresh: 1, idle: 6 }))
  // there is one about each second: if they did, it would never end
  expect(await until(() => holderPid(scratch) === 0, 30_000)).toBe(true)
  expect(journalOf(scratch).at(-1)).toMatchObject({ event: 'lock', reason: 'idle' })
  expect(refreshes(scratch)).toContain('done')
})

describe('a refresh never unlocks', () => {
  test('where nothing is unlocked', async () => {
    await using scratch = new Scratch()
    const double = new Double(scratch)
    const put = await double.run(['ghost', 'put'], { stdin: frameOf(NEXT) })
    expect(put).toMatchObject({ status: 75 })
    expect(holderPid(scratch)).toBe(0)
  })

  test("in another owner's session, nor does it know their terminal", async () => {
    await using scratch = new Scratch()
    const double = new Double(scratch)
    await double.fill({ ...FIRST, internal: { '@identity': 'another' } })
    const put = await double.run(['ghost', 'put'], { stdin: frameOf(NEXT) })
    expect(put).toMatchObject({ status: 75 })
    expect(put.stderr).toContain('the session that was to be refreshed has ended')
    expect((await sh(scratch, 'cat "$A_FILE"')).stdout).toBe('old')
  })
})

const hasty = hastyBinary()

describe.skipIf(hasty === undefined).concurrent('with short times', () => {
  test('a failure is tried again, later each time, until it works; the log and status say so', async () => {
    await using scratch = new Scratch()
    const double = new Double(scratch, hasty)
    double.does('pull', { code: 69 })
    await double.fill(FIRST)
    expect(await until(() => refreshes(scratch).length > 0, 20_000)).toBe(true)
    const { refresh } = await statusOf(double)
    expect(refresh.state).toBe('failed')
    expect((await double.run(['status'])).stdout).toMatch(
      /^ {2}refresh {4}FAILED \d+s ago \(exit 69\), again (in \d+s|now)$/m,
    )
    expect(await until(() => refreshes(scratch).length > 2, 40_000)).toBe(true)
    // Both are whole seconds: the first pause, of one, may round away; this one is of four, or longer.
    const third = (await statusOf(double)).refresh
    expect(Date.parse(third.at ?? '')).toBeGreaterThan(Date.parse(third.last ?? ''))
    expect((await sh(scratch, 'cat "$A_FILE"')).stdout).toBe('old')
    double.does('pull', { put: NEXT })
    // the fourth, or the one after it where that had begun
    expect(await until(() => refreshes(scratch).at(-1) === 'done', 40_000)).toBe(true)
    expect(new Set(refreshes(scratch).slice(0, -1))).toEqual(new Set(['failed (exit 69)']))
    expect((await statusOf(double)).refresh.state).toBe('waiting')
    expect((await sh(scratch, 'cat "$A_FILE"')).stdout).toBe('new')
    // 1, 2 and 4 s from the end of one to the next, and nothing makes that shorter: the pauses grow
    const at = double.calls('pull').map(({ time }) => time)
    const [first = 0, second = 0, another = 0] = at.slice(1).map((time, i) => time - (at[i] ?? 0))
    expect(first).toBeGreaterThanOrEqual(999)
    expect(second).toBeGreaterThanOrEqual(1_999)
    expect(another).toBeGreaterThanOrEqual(3_999)
  }, 120_000)

  test.each([64, 65, 77])('exit %i is final until somebody pulls', async (code) => {
    await using scratch = new Scratch()
    const double = new Double(scratch, hasty)
    double.does('pull', { code })
    await double.fill(FIRST)
    expect(await until(() => refreshes(scratch).length === 1, 20_000)).toBe(true)
    expect(await until(() => double.calls().length > 1, 4_000)).toBe(false)
    expect((await statusOf(double)).refresh).toMatchObject({ state: 'failed', at: null })
    expect((await double.run(['status'])).stdout).toContain(`ago (exit ${code}); next: tazpod pull\n`)
    await double.fill(set('old', { refresh: 3_600 })) // so that status is asked before the next one
    expect((await statusOf(double)).refresh).toMatchObject({ state: 'waiting' })
    await double.fill(FIRST)
    expect(await until(() => double.calls().length > 1, 20_000)).toBe(true)
  })

  test.each([
    ['asked', { sleep: 60_000 }, 'failed (exit 143)'],
    ['killed when it is deaf to that', { sleep: 60_000, deaf: true }, 'failed (exit 137)'],
  ])('one that is stuck is ended: %s', async (_, behaviour, reason) => {
    await using scratch = new Scratch()
    const double = new Double(scratch, hasty)
    double.does('pull', behaviour)
    await double.fill(FIRST)
    expect(await until(() => refreshes(scratch).length > 0, 40_000)).toBe(true)
    expect(refreshes(scratch)[0]).toBe(reason)
  })

  test('a success that brings no set is tried again', async () => {
    await using scratch = new Scratch()
    const double = new Double(scratch, hasty)
    await double.fill(FIRST)
    expect(await until(() => double.calls().length > 2, 40_000)).toBe(true)
    expect((await statusOf(double)).refresh.state).toBe('waiting')
  })
})

describe('the end of the session while a refresh is under way', () => {
  const running = async (double: Double): Promise<number> => {
    expect(await until(() => double.calls('pull').length === 1, 20_000)).toBe(true)
    return double.calls('pull')[0]?.pid ?? 0
  }

  test('lock: it is ended, and what it would have put unlocks nothing', async () => {
    await using scratch = new Scratch()
    const double = new Double(scratch)
    double.does('pull', { sleep: 60_000, put: NEXT })
    await double.fill({ ...FIRST, internal: { ...IDENTITY, '@revoke': 'token' } })
    const refresh = await running(double)
    await double.run(['lock'])
    expect(await gone(scratch)).toBe(true)
    expect(double.calls().map(({ verb }) => verb)).toEqual(['pull', 'revoke'])
    expect(scratch.processes().some(({ pid }) => pid === refresh)).toBe(false)
  })

  test('lock: one that does not want to end is killed, and the token is revoked', async () => {
    await using scratch = new Scratch()
    const double = new Double(scratch)
    double.does('pull', { sleep: 60_000, deaf: true })
    await double.fill({ ...FIRST, internal: { ...IDENTITY, '@revoke': 'token' } })
    await running(double)
    await double.run(['lock'])
    expect(await gone(scratch)).toBe(true)
    expect(double.calls('revoke')).toHaveLength(1)
  })

  test('the holder is killed: the refresh ends with the monitor, nothing is revoked', async () => {
    await using scratch = new Scratch()
    const double = new Double(scratch)
    double.does('pull', { sleep: 60_000, put: NEXT, deaf: true })
    await double.fill({ ...FIRST, internal: { ...IDENTITY, '@revoke': 'token' } })
    await running(double)
    process.kill(holderPid(scratch), 'SIGKILL')
    expect(await gone(scratch)).toBe(true)
    expect(double.calls('revoke')).toEqual([])
  })

  test('the monitor is killed: its refresh ends with it', async () => {
    await using scratch = new Scratch()
    const double = new Double(scratch)
    double.does('pull', { sleep: 60_000, put: NEXT })
    await double.fill(FIRST)
    await running(double)
    for (const monitor of double.monitors()) process.kill(monitor, 'SIGKILL')
    expect(await until(() => scratch.processes().length === 1)).toBe(true)
    expect(scratch.processes()[0]?.pid).toBe(holderPid(scratch))
  })
})
