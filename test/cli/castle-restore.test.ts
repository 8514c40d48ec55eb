/** `castle restore`: the state that Terraform lost, or that a run spoilt, comes back from the vault. */
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readyCastle } from '../support/castle.ts'
import { must } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { tazpod } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'

describe.skipIf(!need('terraform', 'castle restore'))('castle restore', () => {
  let scratch: Scratch
  let blue: string
  let state: string
  let applied: Buffer
  const restore = (...args: string[]) => tazpod(scratch, ['castle', 'restore', ...args], { cwd: blue })
  const serialOf = (bytes: Buffer) => JSON.parse(bytes.toString('utf8')).serial
  beforeAll(async () => {
    scratch = new Scratch()
    blue = await readyCastle(scratch)
    state = join(blue, 'terraform.tfstate')
    expect(await restore()).toMatchObject({ status: 0, stdout: 'no state is kept\n' })
    await must(scratch, ['castle', 'apply', '--', '-auto-approve'], { cwd: blue })
    applied = readFileSync(state)
  })
  afterAll(() => scratch[Symbol.asyncDispose]())

  test('shows what is kept', async () => {
    expect((await restore()).stdout).toMatch(/^state +kept +bytes +serial\nafter +\S.* +\d+ +\d+\n$/)
    expect(JSON.parse((await restore('--json')).stdout)).toMatchObject({
      castle: 'blue',
      states: [{ which: 'after', size: applied.length, serial: serialOf(applied) }],
    })
  })

  test('a lost state comes back byte for byte, only for its owner, and Terraform has nothing to do', async () => {
    rmSync(state)
    const done = await restore('after')
    expect(done).toMatchObject({ status: 0, stderr: '' })
    expect(done.stdout).toBe(`${state}: restored, serial ${serialOf(applied)}, from after\n`)
    expect(readFileSync(state)).toEqual(applied)
    expect(statSync(state).mode & 0o777).toBe(0o600)
    const planned = await tazpod(scratch, ['castle', 'plan', '--', '-detailed-exitcode'], {
      cwd: blue,
      timeout: 120_000,
    })
    expect(planned.status, planned.stdout).toBe(0)
    expect((await restore('after')).stdout).toContain('as it was')
  })

  test('another state is overwritten with --force only, and can be had back', async () => {
    const other = Buffer.from(applied.toString('utf8').replace(/"serial": \d+/, '"serial": 77'))
    writeFileSync(state, other)
    chmodSync(state, 0o600)
    const refused = await restore('after')
    expect(refused).toMatchObject({ status: 77, stdout: '' })
    expect(refused.stderr).toContain(`has another state (serial 77, the kept one ${serialOf(applied)})`)
    expect(refused.stderr).toContain('next: tazpod castle restore after --force')
    expect(readFileSync(state)).toEqual(other)
    expect((await restore('after', '--force')).status).toBe(0)
    expect(readFileSync(state)).toEqual(applied)
    expect((await restore('replaced', '--force')).status).toBe(0)
    expect(readFileSync(state)).toEqual(other)
  })

  test('nothing while Terraform is at work; nothing that is not kept', async () => {
    const lock = join(blue, '.terraform.tfstate.lock.info')
    writeFileSync(lock, '{}')
    const busy = await restore('after', '--force')
    expect(busy).toMatchObject({ status: 77, stdout: '' })
    expect(busy.stderr).toContain('Terraform is at work on this state')
    rmSync(lock)
    const none = await restore('before')
    expect(none).toMatchObject({ status: 65, stdout: '' })
    expect(none.stderr).toContain('castles/blue/before.tfstate.gz is not in the vault')
    expect((await restore('yesterday')).status).toBe(64)
    await must(scratch, ['lock'], { cwd: blue })
    expect((await restore('after', '--non-interactive')).status).toBe(75)
  })
})
