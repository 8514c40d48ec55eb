/** Promises 2 and 3 of DESIGN §1: no clear secret on any disk, and nothing to clean up, at any SIGKILL. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { killed } from '../support/processes.ts'
import { must, PASSPHRASE } from '../support/project.ts'
import { ALL_WAYS, watchedScratch } from '../support/residue.ts'
import type { Scratch } from '../support/scratch.ts'
import { held, setFrame, unlocked } from '../support/story.ts'
import { startTazpod, tazpod } from '../support/tazpod.ts'
import { until } from '../support/until.ts'

/** In CI a fixed, large number; `TAZPOD_ROUNDS` asks for more. */
const ROUNDS = Number(process.env.TAZPOD_ROUNDS ?? 200)

let scratch: Scratch
let secrets: Record<string, string>
let remains: () => string[]

beforeEach(() => {
  ;({ scratch, secrets, remains } = watchedScratch())
})
afterEach(() => scratch[Symbol.asyncDispose]())

/** A number of ms below `limit`, spread over the whole range, the same in each run. */
function moment(round: number, limit: number): number {
  return ((round * 7919) % 1000) * (limit / 1000)
}

async function killAfter(child: ReturnType<typeof startTazpod>, ms: number): Promise<void> {
  const over = new Promise((resolve) => child.once('exit', resolve))
  setTimeout(() => child.kill('SIGKILL'), ms)
  await over
}

describe('after a SIGKILL of', () => {
  test(`the client or the command, at ${ROUNDS} moments`, async () => {
    await held(scratch, { config: ALL_WAYS, secrets })
    const script = 'cat "$TOKEN_FILE" bound.env >"$TAZPOD_GHOST/work/copy"; read wait'
    for (let round = 0; round < ROUNDS; round++) {
      const child = startTazpod(scratch, ['exec', '--', 'sh', '-c', script], { keepStdinOpen: true })
      await killAfter(child, moment(round, 12))
    }
    expect(remains()).toEqual([])
    const one = await tazpod(scratch, ['exec', '--', 'sh', '-c', 'cat "$TOKEN_FILE"'])
    expect(one.stdout).toBe(secrets.TOKEN)
    await until(async () => (await running()) === 0)
    expect(await running()).toBe(0)
    await until(() => scratch.processes().length === 2) // what a killed command has started goes on for a moment
    expect(scratch.processes()).toHaveLength(2) // the holder and its monitor
  })

  test('the holder, at 40 moments, while commands start', async () => {
    const project = { config: ALL_WAYS, secrets }
    await held(scratch, project)
    const frame = await setFrame(scratch, project, scratch.project)
    for (let round = 0; round < 40; round++) {
      await must(scratch, ['ghost', 'put'], { stdin: frame })
      const holder = scratch.holder()
      const child = startTazpod(scratch, ['exec', '--', 'sh', '-c', 'cat "$TOKEN_FILE"'])
      const over = new Promise((resolve) => child.once('exit', resolve))
      await pause(moment(round, 6))
      await killed(holder?.pid ?? 0)
      await over
    }
    expect(remains()).toEqual([])
    // whatever the dead ones left in the runtime folder does not stop the next one
    expect((await tazpod(scratch, ['status', '--json'])).stdout).toContain('"locked"')
    await must(scratch, ['ghost', 'put'], { stdin: frame })
  })

  test('pull, at 20 moments, and the vault still opens', async () => {
    await unlocked(scratch, { config: ALL_WAYS, secrets })
    for (let round = 0; round < 20; round++) {
      const child = startTazpod(scratch, ['pull'], { passphrase: PASSPHRASE })
      await killAfter(child, moment(round, 1500))
    }
    expect(remains()).toEqual([])
    await must(scratch, ['lock'])
    await must(scratch, ['pull'], { passphrase: PASSPHRASE })
    await must(scratch, ['exec', '--', 'true'])
  }, 240_000)

  test('what writes the vault, at 40 moments, and the vault still opens', async () => {
    await unlocked(scratch, { config: ALL_WAYS, secrets })
    const value = secrets.TOKEN as string
    await must(scratch, ['exec', '--', 'sh', '-c', 'cp "$TOKEN_FILE" "$TAZPOD_GHOST/work/"'])
    const writers = [
      () =>
        startTazpod(scratch, ['vault', 'set', 'MORE', '--force'], {
          passphrase: PASSPHRASE,
          stdin: `${value}${Math.random()}`,
        }),
      () =>
        startTazpod(scratch, ['vault', 'import', '-', '--format', 'dotenv'], {
          passphrase: PASSPHRASE,
          stdin: `SOME=${value}\n`,
        }),
      () => startTazpod(scratch, ['save', 'token']),
      () => startTazpod(scratch, ['vault', 'export', '--reveal'], { passphrase: PASSPHRASE }),
    ]
    for (let round = 0; round < 40; round++) {
      const child = writers[round % writers.length]?.()
      if (child) await killAfter(child, moment(round, 600))
    }
    expect(remains()).toEqual([])
    expect(await must(scratch, ['vault', 'verify'], { passphrase: PASSPHRASE })).not.toContain('damaged')
    await must(scratch, ['lock'])
    expect(remains()).toEqual([])
  }, 240_000)
})

async function running(): Promise<number> {
  return JSON.parse((await tazpod(scratch, ['status', '--json'])).stdout).running.length
}
