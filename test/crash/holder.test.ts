/** The holder is SIGKILLed at any moment: the next unlock works, and nothing stays behind. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filled, frameOf, heldEntry, holderPid, native, put, runtimeOf, sh } from '../support/holder.ts'
import { killed, mountsUnder } from '../support/processes.ts'
import { Scratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'

const SET = { secrets: { A: 'a'.repeat(100_000), B: 'b' } }
const ROUNDS = 40

/** Lets `moment` milliseconds pass with work in them, so that the kill falls anywhere. */
const later = (moment: number): Promise<unknown> => until(() => false, moment)

/** What each verb may end with when its holder dies under it: an answer, or one of these with a message. */
const ACTIONS: Record<
  string,
  (scratch: Scratch) => Promise<{ status: number | null; stderr: string; stdout: string }>
> = {
  put: (scratch) => put(scratch, SET),
  exec: (scratch) => sh(scratch, 'cat "$A_FILE" "$B_FILE" | wc -c'),
  get: (scratch) => heldEntry(scratch, 'A'),
  status: (scratch) => native(scratch, ['status']),
  lock: (scratch) => native(scratch, ['lock']),
}

test.each(Object.keys(ACTIONS))(
  `during %s, ${ROUNDS} times`,
  async (name) => {
    const action = ACTIONS[name]
    if (action === undefined) throw new Error(name)
    await using scratch = new Scratch()
    let cut = 0
    for (let round = 0; round < ROUNDS; round++) {
      if (holderPid(scratch) === 0) await filled(scratch, SET)
      const pid = holderPid(scratch)
      const doing = action(scratch)
      await later((round % 20) / 2)
      const gone = pid > 0 ? killed(pid) : undefined
      const done = await doing
      if (done.status !== 0) cut++
      expect(done.status === 0 || done.stderr.startsWith('tazpod: '), `${done.status} ${done.stderr}`).toBe(
        true,
      )
      if (name === 'exec') expect(['100001\n', '']).toContain(done.stdout)
      await gone
    }
    await filled(scratch, SET)
    expect((await sh(scratch, 'cat "$B_FILE"')).stdout).toBe('b')
    await native(scratch, ['lock'])
    expect(await until(() => scratch.processes().length === 0)).toBe(true)
    expect(mountsUnder(scratch.root)).toEqual([])
    expect(readdirSync(runtimeOf(scratch)).sort()).toEqual(['ghost', 'lock'])
    expect(readdirSync(`${runtimeOf(scratch)}/ghost`)).toEqual([])
    if (name === 'exec') console.info(`exec: ${cut} of ${ROUNDS} were cut off`)
  },
  240_000,
)

test('a running command keeps its files when its holder is killed, and the next holder does not know it', async () => {
  await using scratch = new Scratch()
  await filled(scratch, SET)
  const pid = holderPid(scratch)
  const child = sh(
    scratch,
    'echo >started; until [ -e go ]; do sleep 0.05; done; cat "$B_FILE"; ls "$TAZPOD_GHOST/work"',
  )
  expect(await until(() => existsSync(join(scratch.project, 'started')))).toBe(true)
  await killed(pid)
  await filled(scratch, { secrets: { B: 'another' } })
  const status = JSON.parse((await native(scratch, ['status', '--json'])).stdout) as { running: unknown[] }
  expect(status.running).toEqual([])
  scratch.file('project/go', '')
  expect(await child).toMatchObject({ status: 0, stdout: 'b' })
})

test('a holder that is stopped makes status say unknown, and exec does not wait for ever', async () => {
  await using scratch = new Scratch()
  await filled(scratch, SET)
  const pid = holderPid(scratch)
  process.kill(pid, 'SIGSTOP')
  const status = await native(scratch, ['status', '--json'])
  expect(status.status).toBe(71)
  expect(JSON.parse(status.stdout)).toMatchObject({ state: 'unknown' })
  process.kill(pid, 'SIGCONT')
  expect((await sh(scratch, 'cat "$B_FILE"')).stdout).toBe('b')
})

test('a put that is cut off in the middle leaves the set before it, or no holder', async () => {
  await using scratch = new Scratch()
  const frame = frameOf(SET)
  for (const part of [8, 9, 100, frame.length - 1]) {
    expect((await native(scratch, ['ghost', 'put'], { stdin: frame.subarray(0, part) })).status).toBe(65)
    expect((await native(scratch, ['status', '--json'])).stdout).toContain('"state":"locked"')
  }
  await filled(scratch, SET)
  for (const part of [8, 9, 100, frame.length - 1]) {
    expect((await native(scratch, ['ghost', 'put'], { stdin: frame.subarray(0, part) })).status).toBe(65)
    expect((await sh(scratch, 'cat "$B_FILE"')).stdout).toBe('b')
  }
})
