/** A holder that serves is sent thousands of frames that no client sends: it lives on, and gives what it holds. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { broken, Chance, execFrame, frame, MANNERS, send, str } from '../support/frames.ts'
import { type Filling, frameOf, holderPid, KEY, nativeBinary, runtimeOf } from '../support/holder.ts'
import { Sanitized } from '../support/sanitized.ts'
import { Scratch } from '../support/scratch.ts'
import { run } from '../support/tazpod.ts'

const SEED = Number(process.env.TZ_SEED ?? 20_261_124)
const REQUESTS = 2_000
const SETS = 1_000
const AT_ONCE = 24

const SET: Filling = {
  secrets: { A: 'value a', BIG: Buffer.alloc(300_000, 'big value ') },
  internal: { '@identity': 'key' },
  ops: (entry) => [
    { op: 'value', entry: entry('A'), env: 'A' },
    { op: 'bind', entry: entry('A'), target: '/nowhere/x', mode: 0o600 },
  ],
  plans: (entry) => [
    {
      pattern: 'cat',
      umask: 0o77,
      ops: [{ op: 'file', entry: entry('A'), dir: 'a', file: 'f', mode: 0o600, env: 'F' }],
    },
  ],
}

/** Requests that are right; `lock` is not among them. */
const GOOD = [
  frame(6, Buffer.alloc(0)),
  frame(9, Buffer.concat([Buffer.from([1, 0]), str('A')])),
  frame(9, Buffer.concat([Buffer.from([1, 0]), str('BIG')])),
  frame(9, Buffer.concat([Buffer.from([3, 0]), str('BIG'), str('none'), str('A')])),
  frame(11, Buffer.alloc(0)),
  execFrame('cat'),
  execFrame('sh', ['A', 'nowhere/x']),
  execFrame('x'.repeat(255), ['none']),
]

/** A lock by chance is what the holder would be right to obey: its type becomes another one. */
function notLock(bytes: Buffer): Buffer {
  if (bytes.length > 3 && bytes[3] === 8) bytes[3] = 200
  return bytes
}

async function flood(scratch: Scratch, count: number, next: () => Buffer, chance: Chance): Promise<void> {
  const socket = join(runtimeOf(scratch), 'socket')
  let left = count
  const lane = async (): Promise<void> => {
    while (left-- > 0) await send(socket, notLock(next()), chance.pick(MANNERS))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
}

/** Frames of every kind while good clients work; then broken sets; then everything as at first. */
async function survives(binary: string): Promise<void> {
  await using scratch = new Scratch()
  const tz = (args: string[], stdin?: Buffer) =>
    run(scratch, [binary, ...args], { timeout: 60_000, ...(stdin && { stdin }) })
  const put = () => tz(['ghost', 'put'], frameOf(SET))
  const works = async (): Promise<void> => {
    const read = await tz(['exec', '--', 'cat', '/proc/self/environ'])
    expect([read.status, read.stderr]).toEqual([0, ''])
    expect(read.stdout).toContain('F=')
    expect((await tz(['ghost', 'get', '--key', 'A'], Buffer.from(KEY))).stdout).toBe('value a')
    expect(
      (await tz(['ghost', 'get', '--key', 'BIG'], Buffer.from(KEY))).stdoutBytes.equals(
        Buffer.alloc(300_000, 'big value '),
      ),
    ).toBe(true)
  }
  expect(await put()).toMatchObject({ status: 0, stderr: '' })
  const pid = holderPid(scratch)
  await works()
  const chance = new Chance(SEED)
  const random = () => chance.bytes(chance.below(120))
  const unasked = () =>
    frame(chance.below(256), chance.bytes(chance.below(80)), chance.pick([3, 3, 3, 0, 1, 2, 255]))
  const request = () =>
    chance.below(4) === 0 ? chance.pick([random, unasked])() : broken(chance, chance.pick(GOOD))
  let over = false
  const bad = flood(scratch, REQUESTS, request, chance).finally(() => {
    over = true
  })
  while (!over) await works()
  await bad
  expect(holderPid(scratch)).toBe(pid)

  const set = frameOf({ ...SET, secrets: { A: 'value a' } })
  await flood(scratch, SETS, () => broken(chance, set), chance)
  expect(holderPid(scratch)).toBe(pid)
  expect(await put()).toMatchObject({ status: 0, stderr: '' }) // a broken set may have been a valid other one
  await works()
  expect((await tz(['lock'])).stdout).toContain('locked; 2 secrets wiped')
}

describe(`seed ${SEED} (TZ_SEED chooses another)`, () => {
  test('the holder with its system call filter', () => survives(nativeBinary()), 240_000)

  test('the holder under the sanitizers', async () => {
    const sanitized = Sanitized.build()
    if (sanitized === undefined) return
    try {
      await survives(sanitized.binary)
    } finally {
      expect(sanitized.reports()).toEqual([])
    }
  }, 300_000)
})
