/** Where the machine gives too little: a clear message, and what was there stays. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filled, frameOf, heldEntry, native, nativeBinary, put, sh } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'
import { run } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'

const prlimit = need('prlimit', 'tazpod under resource limits')
const MIB = 1024 * 1024

test.skipIf(!prlimit)('too little lockable memory: 71 with the limit, and the old set stays', async () => {
  await using scratch = new Scratch()
  const limited = ['prlimit', '--memlock=524288:524288', nativeBinary(), 'ghost', 'put']
  const small = await run(scratch, limited, { stdin: frameOf({ secrets: { A: 'small' } }) })
  expect(small).toMatchObject({ status: 0, stderr: '' })
  const large = await put(scratch, { secrets: { A: 'x'.repeat(MIB) } }) // the holder's limit counts
  expect(large.status).toBe(71)
  expect(large.stderr).toMatch(/RLIMIT_MEMLOCK is 512 KiB\n.*ulimit -l/)
  expect((await heldEntry(scratch, 'A')).stdout).toBe('small')
})

test.skipIf(!prlimit)('the first set does not fit: 71, and no holder stays behind', async () => {
  await using scratch = new Scratch()
  const limited = ['prlimit', '--memlock=65536:65536', nativeBinary(), 'ghost', 'put']
  const large = await run(scratch, limited, { stdin: frameOf({ secrets: { A: 'x'.repeat(MIB) } }) })
  expect(large.status).toBe(71)
  expect(await heldEntry(scratch, 'A')).toMatchObject({ status: 75, stdout: '' })
})

test('a runtime folder of 200 characters works', async () => {
  await using scratch = new Scratch()
  const deep = join(scratch.runtime, 'd'.repeat(100), 'e'.repeat(100))
  let at = scratch.runtime
  for (const part of ['d'.repeat(100), 'e'.repeat(100)]) {
    at = join(at, part)
    mkdirSync(at, { mode: 0o700 })
    scratch.own(at)
  }
  const env = { XDG_RUNTIME_DIR: deep }
  expect(await put(scratch, { secrets: { A: 'a' } }, { env })).toMatchObject({ status: 0, stderr: '' })
  expect((await sh(scratch, 'cat "$A_FILE"', { env })).stdout).toBe('a')
  expect((await native(scratch, ['lock'], { env })).stdout).toContain('locked; 1 secret')
})

test('a command with the longest name works, a longer one is refused before it is asked for', async () => {
  await using scratch = new Scratch()
  await filled(scratch, { secrets: { A: 'a' } })
  const name = scratch.file(`bin/${'n'.repeat(255)}`, '#!/bin/sh\ncat "$A_FILE"\n', 0o700)
  expect(await native(scratch, ['exec', '--', name])).toMatchObject({ status: 0, stdout: 'a' })
  const only = Array.from({ length: 200 }, () => ['--only', 'A']).flat()
  expect(await native(scratch, ['exec', ...only, '--', name])).toMatchObject({ status: 0, stdout: 'a' })
})

test('the most that a set may hold is served', async () => {
  await using scratch = new Scratch()
  const secrets = Object.fromEntries(Array.from({ length: 16_383 }, (_, i) => [`S${i}`, `value ${i}`]))
  await filled(scratch, {
    secrets,
    files: false,
    plans: (entry) => [
      {
        pattern: 'cat',
        umask: 0o77,
        ops: [{ op: 'file', entry: entry('S16382'), dir: 'x', file: 'y', mode: 0o600, env: 'F' }],
      },
    ],
  })
  expect((await heldEntry(scratch, 'S16382')).stdout).toBe('value 16382')
  const ghost = (await sh(scratch, 'printf %s "$TAZPOD_GHOST"; ls -A "$TAZPOD_GHOST"')).stdout
  expect(ghost.endsWith('/ghostwork\n')).toBe(true)
  const file = `${ghost.slice(0, -'work\n'.length)}/x/y`
  expect((await native(scratch, ['exec', '--', 'cat', file])).stdout).toBe('value 16382')
})
