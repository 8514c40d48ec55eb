/**
 * Promises 2 and 3 of DESIGN §1: no clear secret on any disk, and nothing to clean up. At any SIGKILL:
 * test/crash/nothing-left.test.ts.
 */
import { readdirSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { must } from '../support/project.ts'
import { ALL_WAYS, watchedScratch } from '../support/residue.ts'
import type { Scratch } from '../support/scratch.ts'
import { held, unlocked } from '../support/story.ts'
import { run, startTazpod, tazpod } from '../support/tazpod.ts'
import { until } from '../support/until.ts'

let scratch: Scratch
let secrets: Record<string, string>
let remains: () => string[]

beforeEach(() => {
  ;({ scratch, secrets, remains } = watchedScratch())
})
afterEach(() => scratch[Symbol.asyncDispose]())

describe('after lock', () => {
  test('no process, mount, file or secret is left, and the command says so', async () => {
    await unlocked(scratch, { config: ALL_WAYS, secrets })
    await must(scratch, ['exec', '--', 'sh', '-c', 'cp "$TOKEN_FILE" "$TAZPOD_GHOST/work/"'])
    await must(scratch, ['lock'])
    await until(() => scratch.leftovers().length === 0)
    expect(scratch.leftovers()).toEqual([])
    expect(remains()).toEqual([])
    const left = readdirSync(scratch.runtime, { recursive: true, withFileTypes: true })
    expect(
      left.filter((entry) => entry.isFile() && entry.name !== 'lock').map((entry) => entry.name),
    ).toEqual([])
    const refused = await tazpod(scratch, ['exec', '--', 'echo', 'ran'])
    expect(refused).toMatchObject({ status: 75, stdout: '' })
  })

  test('a command that still runs is listed, keeps its view, and its end leaves nothing', async () => {
    await held(scratch, { config: ALL_WAYS, secrets })
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
    expect(remains()).toEqual([])
  })
})

test('control: what a careless command writes to the disk is found', async () => {
  await held(scratch, { config: ALL_WAYS, secrets })
  const stray = `/tmp/stray-${canary()}`
  await must(scratch, ['exec', '--', 'sh', '-c', 'cp "$TOKEN_FILE" "$0"', stray])
  expect(remains()).toEqual([`${stray} (plain)`])
  await run(scratch, ['rm', stray])
  await must(scratch, ['exec', '--', 'sh', '-c', 'cp "$TOKEN_FILE" "$HOME/careless"'])
  expect(remains()).toEqual([`${scratch.home}/careless (plain)`])
  await run(scratch, ['rm', `${scratch.home}/careless`])
})
