/** The last word of a session: what is to be revoked reaches `tazpod revoke`, and nothing and nobody else. */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Double, hastyBinary, sha256 } from '../support/double.ts'
import { type Filling, heldEntry, holderPid, journalOf } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'

const kept = (token: string | Buffer, session: Filling['session'] = {}): Filling => ({
  secrets: { A: 'a' },
  internal: { '@identity': 'key', '@revoke': token },
  session,
})

const gone = (scratch: Scratch): Promise<boolean> => until(() => scratch.processes().length === 0, 20_000)
const revoked = (double: Double): Promise<boolean> => until(() => double.calls('revoke').length === 1, 20_000)

test.each<[string, Buffer]>([
  ['nothing', Buffer.alloc(0)],
  ['a token', Buffer.from('eyJh.\0\n\r\xff')],
  ['64 KiB', randomBytes(65_536)],
])('%s arrives byte for byte, once', async (_what, token) => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  await double.fill(kept('an earlier one'))
  await double.fill(kept(token, { refresh: 3_600 }))
  expect((await double.run(['lock'])).status).toBe(0)
  expect(await gone(scratch)).toBe(true)
  expect(double.calls()).toMatchObject([
    { argv: ['revoke', '--from-monitor'], stdin: { size: token.length, sha256: sha256(token) } },
  ])
})

test('it is in no argument, no environment and no file', async () => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  const token = randomBytes(24).toString('hex')
  double.does('revoke', { held: true })
  await double.fill(kept(token))
  await double.run(['lock'])
  expect(await revoked(double)).toBe(true)
  const [call] = double.calls()
  expect(call?.stdin.sha256).toBe(sha256(token))
  const running = scratch.processes() // the monitor, and Node
  expect(running.length).toBeGreaterThanOrEqual(2)
  for (const { pid } of running)
    for (const name of ['cmdline', 'environ']) expect(readOf(`/proc/${pid}/${name}`)).not.toContain(token)
  double.release()
  expect(await gone(scratch)).toBe(true)
  for (const entry of readdirSync(scratch.root, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) expect(readOf(join(entry.parentPath, entry.name))).not.toContain(token)
})

function readOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return '' // ended meanwhile
  }
}

test.each<[string, Filling['session'], (scratch: Scratch) => unknown]>([
  ['idle', { idle: 1 }, () => undefined],
  ['max', { max: 1 }, () => undefined],
  ['SIGTERM', {}, (scratch) => process.kill(holderPid(scratch), 'SIGTERM')],
  // what stops a whole session sends it to everything
  [
    'SIGTERM to everything, the monitor first',
    {},
    (scratch) => {
      for (const { pid } of scratch.processes().reverse()) process.kill(pid, 'SIGTERM')
    },
  ],
])('%s, too', async (_what, session, end) => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  await double.fill(kept('token')) // its monitor is there before the session can end
  await double.fill(kept('token', session))
  end(scratch)
  expect(await revoked(double)).toBe(true)
  expect(await gone(scratch)).toBe(true)
})

test('without a monitor the log says that nothing was revoked', async () => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  await double.fill(kept('token'))
  await double.killMonitors()
  await double.run(['lock'])
  expect(await gone(scratch)).toBe(true)
  expect(double.calls()).toEqual([])
  const events = journalOf(scratch).map(({ event, reason }) => [event, reason])
  expect(events).toContainEqual(['revoke', 'failed (no monitor took the token)'])
})

test('a revocation that takes its time delays neither the lock nor the next session', async () => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  double.does('revoke', { held: true })
  await double.fill(kept('token'))
  const [first] = double.monitors()
  await double.run(['lock'])
  expect(await until(() => holderPid(scratch) === 0)).toBe(true)
  expect(double.monitors()).toEqual([first]) // still at it
  await double.fill(kept('another'))
  expect((await heldEntry(scratch, '@revoke')).stdout).toBe('another')
  expect(double.monitors()).toContain(first)
  double.release()
  expect(await until(() => !double.monitors().includes(first ?? 0))).toBe(true)
  expect(double.calls('revoke')).toHaveLength(1)
  expect(double.monitors()).toHaveLength(1)
})

const hasty = hastyBinary()

describe.skipIf(hasty === undefined).concurrent('with short times', () => {
  test.each([{ unread: true }, {}])('a revocation that is stuck is killed (%o)', async (how) => {
    await using scratch = new Scratch()
    const double = new Double(scratch, hasty)
    double.does('revoke', { sleep: 60_000, deaf: true, ...how })
    await double.fill(kept(randomBytes(65_536)))
    await double.run(['lock'])
    expect(await revoked(double)).toBe(true)
    expect(await gone(scratch)).toBe(true)
  })
})
