/** The monitor's life: when there is one, what it is, and when it ends. */
import { readFileSync, readlinkSync, statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Double } from '../support/double.ts'
import { descriptorsOf, type Filling, frameOf, holderPid, runtimeOf } from '../support/holder.ts'
import { Sanitized } from '../support/sanitized.ts'
import { Scratch } from '../support/scratch.ts'
import { run } from '../support/tazpod.ts'
import { needRoot } from '../support/tools.ts'
import { until } from '../support/until.ts'
import { isRoot } from '../support/users.ts'

const KEPT: Filling = { secrets: { A: 'a' }, session: { refresh: 3_600 } }

const statusOf = async (double: Double): Promise<Record<string, unknown>> =>
  JSON.parse((await double.run(['status', '--json'])).stdout) as Record<string, unknown>

test.each<[string, Filling]>([
  ['a refresh', KEPT],
  ['something to revoke', { secrets: { A: 'a' }, internal: { '@revoke': 'token' } }],
  ['nothing of its own: it can be asked to fetch', { secrets: { A: 'a' } }],
])('with %s there is one; it ends with the lock', async (_what, filling) => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  await double.fill(filling)
  const monitors = double.monitors()
  expect(monitors).toHaveLength(1) // it is there when put has ended
  await double.fill(filling)
  await double.fill(filling)
  expect(double.monitors()).toEqual(monitors)
  expect((await double.run(['lock'])).status).toBe(0)
  expect(await until(() => scratch.processes().length === 0, 20_000)).toBe(true)
})

test('it is small, closed to the other processes of the user, and holds nothing open', async () => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  await double.fill(KEPT)
  const [monitor = 0] = double.monitors()
  const proc = (name: string): string => readFileSync(`/proc/${monitor}/${name}`, 'utf8')
  expect(proc('cmdline').split('\0')).toEqual(['tazpod', 'ghost', 'monitor', runtimeOf(scratch), ''])
  expect(statSync(`/proc/${monitor}/environ`).uid).toBe(0) // not dumpable (proc(5))
  for (const name of ['environ', 'mem', 'maps', 'fd/0'])
    expect((await run(scratch, ['head', '-c1', `/proc/${monitor}/${name}`])).status).not.toBe(0)
  expect(proc('limits')).toMatch(/^Max core file size +0 +0 /m)
  expect(proc('status')).toMatch(/^PPid:\t(?!0)/m)
  const fields = proc('stat')
    .replace(/^.*\) /s, '')
    .split(' ')
  expect(Number(fields[3])).not.toBe(Number(readFileSync('/proc/self/stat', 'utf8').split(' ')[5]))
  expect(fields[4]).toBe('0') // no terminal
  const anonymous = Number(/RssAnon:\s+(\d+)/.exec(proc('status'))?.[1])
  expect(anonymous).toBeLessThan(300)
})

test.skipIf(!needRoot('what the monitor has open'))('what it has open', async () => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  // the shell leaves descriptors open to put, as a parent of tazpod may
  const frame = scratch.file('frame', frameOf(KEPT))
  const script = 'exec 5</etc/passwd 7>&1; "$0" ghost put <"$1"'
  expect(await run(scratch, ['sh', '-c', script, double.binary, frame])).toMatchObject({ status: 0 })
  const [monitor = 0] = double.monitors()
  const open = (): string[] =>
    descriptorsOf(monitor)
      .map((what) => what.replace(/\d+/g, 'N'))
      .sort()
  await until(() => !open().some((what) => what.startsWith('pipe:'))) // it says on it that it is ready, and lets it go
  expect(open()).toEqual(['/dev/null', '/dev/null', '/dev/null', 'anon_inode:[timerfd]', 'socket:[N]'])
  expect(readlinkSync(`/proc/${monitor}/cwd`)).toBe(scratch.project)
})

test('killed, it is replaced by the next put, and status says that there is none until then', async () => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  await double.fill(KEPT)
  const [first = 0] = double.monitors()
  expect(await statusOf(double)).toMatchObject({ refresh: { state: 'waiting', last: null, monitor: true } })
  await double.killMonitors()
  expect(await statusOf(double)).toMatchObject({ refresh: { state: 'waiting', monitor: false } })
  const human = (await double.run(['status'])).stdout
  expect(human).toContain('  refresh    not by itself (no monitor is running); next: tazpod pull')
  await double.fill(KEPT)
  const [second = 0] = double.monitors()
  expect(second).not.toBe(0)
  expect(second).not.toBe(first)
  expect((await double.run(['status'])).stdout).toMatch(/^ {2}refresh {4}in (59m|1h)$/m)
})

test('many puts at once make one monitor', async () => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  for (let round = 0; round < 5; round++) {
    await Promise.all(Array.from({ length: 6 }, () => double.fill(KEPT)))
    expect(await until(() => double.monitors().length === 1)).toBe(true)
    await double.killMonitors()
  }
})

test('a killed holder takes its monitor along', async () => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  await double.fill({ ...KEPT, internal: { '@revoke': 'token' } })
  process.kill(holderPid(scratch), 'SIGKILL')
  expect(await until(() => scratch.processes().length === 0)).toBe(true)
  expect(double.calls()).toEqual([])
})

test('inside a command there is none: it would keep the files of the command alive', async () => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  const frame = scratch.file('frame', frameOf(KEPT))
  await double.fill({ secrets: { A: 'a' } })
  await double.killMonitors()
  const script = 'unset TAZPOD_GHOST; "$0" ghost put <"$1"'
  const put = await double.run(['exec', '--', 'sh', '-c', script, double.binary, frame])
  expect(put).toMatchObject({ status: 0, stderr: '' })
  expect(double.monitors()).toEqual([])
  await double.fill(KEPT)
  expect(double.monitors()).toHaveLength(1)
})

test('a monitor that is stuck holds up neither put nor lock', async () => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  await double.fill(KEPT)
  const [monitor = 0] = double.monitors()
  process.kill(monitor, 'SIGSTOP')
  for (let i = 0; i < 50; i++) await double.fill({ ...KEPT, internal: { '@revoke': `token ${i}` } })
  // all of it before the monitor goes on: nobody has waited for it
  const locked = await double.run(['lock'])
  expect(locked).toMatchObject({ status: 0, stderr: '' })
  expect(locked.stdout).toContain('locked')
  expect(await until(() => holderPid(scratch) === 0)).toBe(true)
  process.kill(monitor, 'SIGCONT')
  expect(await until(() => double.calls('revoke').length === 1, 20_000)).toBe(true)
})

test('1,000 commands beside it leave nothing', async () => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  await double.fill(KEPT)
  const [monitor = 0] = double.monitors()
  const loop = 'i=0; while [ $i -lt 1000 ]; do "$0" exec -- true || exit 1; i=$((i + 1)); done'
  const done = await run(scratch, ['sh', '-c', loop, double.binary], { timeout: 300_000 })
  expect(done).toMatchObject({ status: 0, stderr: '' })
  expect(new Set(scratch.processes().map(({ pid }) => pid))).toEqual(new Set([holderPid(scratch), monitor]))
  if (isRoot()) expect(descriptorsOf(monitor)).toHaveLength(5)
}, 360_000)

test('the whole of it under the sanitizers', async () => {
  const sanitized = Sanitized.build()
  if (sanitized === undefined) return
  await using scratch = new Scratch()
  const double = new Double(scratch, sanitized.binary)
  const set = (session: NonNullable<Filling['session']>): Filling => ({
    secrets: { A: 'a' },
    internal: { '@revoke': Buffer.alloc(65_536, 't') },
    session,
  })
  double.does('pull', { put: set({ refresh: 1, cause: 'refresh' }) })
  await double.fill(set({ refresh: 1 }))
  expect(await until(() => double.calls('pull').length > 1, 60_000)).toBe(true)
  double.does('pull', { sleep: 60_000 })
  const before = double.calls('pull').length
  expect(await until(() => double.calls('pull').length > before, 60_000)).toBe(true)
  await double.run(['lock'])
  expect(await until(() => scratch.processes().length === 0, 60_000)).toBe(true)
  expect(double.calls('revoke')).toMatchObject([{ stdin: { size: 65_536 } }])
  expect(sanitized.reports()).toEqual([])
}, 300_000)
