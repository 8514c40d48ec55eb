/** Promises 2 and 3 of DESIGN §1: no clear secret on any disk, and nothing to clean up, at any SIGKILL. */
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { canary, scan } from '../support/canary.ts'
import { killed } from '../support/processes.ts'
import { must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { held, setFrame, unlocked } from '../support/story.ts'
import { run, startTazpod, tazpod } from '../support/tazpod.ts'
import { until } from '../support/until.ts'

const CONFIG = `version: 1
provider: vault
secrets:
  - { name: TOKEN, file: token, env: TOKEN_FILE }
  - { name: PLAIN, env: PLAIN, as: value }
binds:
  - { path: bound.env, format: dotenv, values: { TOKEN: TOKEN } }
`
/** In CI a fixed, large number; `TAZPOD_ROUNDS` asks for more. */
const ROUNDS = Number(process.env.TAZPOD_ROUNDS ?? 200)

let scratch: Scratch
let secrets: Record<string, string>
let started = 0

beforeEach(() => {
  started = Date.now()
  scratch = new Scratch()
  secrets = { TOKEN: canary('token'), PLAIN: canary('plain') }
  scratch.file('project/bound.env', '')
})
afterEach(() => scratch[Symbol.asyncDispose]())

function residue(): string[] {
  const places = [scratch.root, '/dev/shm', ...strays('/tmp'), ...strays('/var/tmp')]
  const found = scan(places, [...Object.values(secrets), PASSPHRASE])
  return found.map((hit) => `${hit.path} (${hit.form})`)
}

/** What this person has put there since the test began: a program that forgets TMPDIR. Not the folders of other tests. */
function strays(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith('tz-'))
    .map((name) => join(folder, name))
    .filter((path) => {
      const stat = lstatSync(path, { throwIfNoEntry: false })
      return stat !== undefined && stat.uid === scratch.uid && stat.ctimeMs >= started
    })
}

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
    await held(scratch, { config: CONFIG, secrets })
    const script = 'cat "$TOKEN_FILE" bound.env >"$TAZPOD_GHOST/work/copy"; read wait'
    for (let round = 0; round < ROUNDS; round++) {
      const child = startTazpod(scratch, ['exec', '--', 'sh', '-c', script], { keepStdinOpen: true })
      await killAfter(child, moment(round, 12))
    }
    expect(residue()).toEqual([])
    const one = await tazpod(scratch, ['exec', '--', 'sh', '-c', 'cat "$TOKEN_FILE"'])
    expect(one.stdout).toBe(secrets.TOKEN)
    await until(async () => (await running()) === 0)
    expect(await running()).toBe(0)
    await until(() => scratch.processes().length === 1) // what a killed command has started goes on for a moment
    expect(scratch.processes()).toHaveLength(1) // the holder
  })

  test('the holder, at 40 moments, while commands start', async () => {
    const project = { config: CONFIG, secrets }
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
    expect(residue()).toEqual([])
    // whatever the dead ones left in the runtime folder does not stop the next one
    expect((await tazpod(scratch, ['status', '--json'])).stdout).toContain('"locked"')
    await must(scratch, ['ghost', 'put'], { stdin: frame })
  })

  test('pull, at 20 moments, and the vault still opens', async () => {
    await unlocked(scratch, { config: CONFIG, secrets })
    for (let round = 0; round < 20; round++) {
      const child = startTazpod(scratch, ['pull'], { passphrase: PASSPHRASE })
      await killAfter(child, moment(round, 1500))
    }
    expect(residue()).toEqual([])
    await must(scratch, ['lock'])
    await must(scratch, ['pull'], { passphrase: PASSPHRASE })
    await must(scratch, ['exec', '--', 'true'])
  }, 240_000)

  test('what writes the vault, at 40 moments, and the vault still opens', async () => {
    await unlocked(scratch, { config: CONFIG, secrets })
    const value = secrets.TOKEN as string
    await must(scratch, ['exec', '--', 'sh', '-c', 'cp "$TOKEN_FILE" "$TAZPOD_GHOST/work/"'])
    const writers = [
      () => startTazpod(scratch, ['vault', 'set', 'MORE', '--force'], { stdin: `${value}${Math.random()}` }),
      () =>
        startTazpod(scratch, ['vault', 'import', '-', '--format', 'dotenv'], { stdin: `SOME=${value}\n` }),
      () => startTazpod(scratch, ['save', 'token']),
      () => startTazpod(scratch, ['vault', 'export', '--reveal']),
    ]
    for (let round = 0; round < 40; round++) {
      const child = writers[round % writers.length]?.()
      if (child) await killAfter(child, moment(round, 600))
    }
    expect(residue()).toEqual([])
    expect(await must(scratch, ['vault', 'verify'])).not.toContain('damaged')
    await must(scratch, ['lock'])
    expect(residue()).toEqual([])
  }, 240_000)
})

describe('after lock', () => {
  test('no process, mount, file or secret is left, and the command says so', async () => {
    await unlocked(scratch, { config: CONFIG, secrets })
    await must(scratch, ['exec', '--', 'sh', '-c', 'cp "$TOKEN_FILE" "$TAZPOD_GHOST/work/"'])
    await must(scratch, ['lock'])
    await until(() => scratch.leftovers().length === 0)
    expect(scratch.leftovers()).toEqual([])
    expect(residue()).toEqual([])
    const left = readdirSync(scratch.runtime, { recursive: true, withFileTypes: true })
    expect(
      left.filter((entry) => entry.isFile() && entry.name !== 'lock').map((entry) => entry.name),
    ).toEqual([])
    const refused = await tazpod(scratch, ['exec', '--', 'echo', 'ran'])
    expect(refused).toMatchObject({ status: 75, stdout: '' })
  })

  test('a command that still runs is listed, keeps its view, and its end leaves nothing', async () => {
    await held(scratch, { config: CONFIG, secrets })
    const script = 'echo up; read wait; cat "$TOKEN_FILE"'
    const child = startTazpod(scratch, ['exec', '--', 'sh', '-c', script], { keepStdinOpen: true })
    let out = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk
    })
    const closed = new Promise((resolve) => child.once('close', resolve)) // with all that it has printed
    expect(await until(() => out.includes('up'))).toBe(true)
    const locked = await must(scratch, ['lock'])
    expect(locked).toContain('sh')
    child.stdin?.end()
    expect(await closed).toBe(0)
    expect(out).toContain(secrets.TOKEN)
    await until(() => scratch.leftovers().length === 0)
    expect(residue()).toEqual([])
  })
})

test('control: what a careless command writes to the disk is found', async () => {
  await held(scratch, { config: CONFIG, secrets })
  const stray = `/tmp/stray-${canary()}`
  await must(scratch, ['exec', '--', 'sh', '-c', 'cp "$TOKEN_FILE" "$0"', stray])
  expect(residue()).toEqual([`${stray} (plain)`])
  await run(scratch, ['rm', stray])
  await must(scratch, ['exec', '--', 'sh', '-c', 'cp "$TOKEN_FILE" "$HOME/careless"'])
  expect(residue()).toEqual([`${scratch.home}/careless (plain)`])
  await run(scratch, ['rm', `${scratch.home}/careless`])
})

async function running(): Promise<number> {
  return JSON.parse((await tazpod(scratch, ['status', '--json'])).stdout).running.length
}
