/** `castle restore`: the state that Terraform lost, or that a run spoilt, comes back from the vault. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readyCastle } from '../support/castle/castle.ts'
import { must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { tazpod } from '../support/tazpod.ts'
import { need, needPython } from '../support/tools.ts'

const PYTHON = needPython(['fcntl'], 'the lock of terraform')

describe.skipIf(!need('terraform', 'castle restore'))('castle restore', () => {
  let scratch: Scratch
  let blue: string
  let state: string
  let applied: Buffer
  const restore = (...args: string[]) =>
    tazpod(scratch, ['castle', 'restore', ...args], { passphrase: PASSPHRASE, cwd: blue })
  const serialOf = (bytes: Buffer) => JSON.parse(bytes.toString('utf8')).serial
  beforeAll(async () => {
    scratch = new Scratch()
    blue = await readyCastle(scratch)
    state = join(blue, 'terraform.tfstate')
    expect(await restore()).toMatchObject({ status: 0, stdout: 'no state is kept\n' })
    await must(scratch, ['castle', 'apply', '--', '-auto-approve'], { passphrase: PASSPHRASE, cwd: blue })
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
      passphrase: PASSPHRASE,
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

  test('a state of another lineage is not put in its place, also where the own one is lost', async () => {
    const text = applied.toString('utf8')
    const foreign = Buffer.from(text.replace(/"lineage": "[^"]+"/, '"lineage": "somebody-else"'))
    writeFileSync(state, foreign, { mode: 0o600 })
    const refused = await restore('after')
    expect(refused).toMatchObject({ status: 77, stdout: '' })
    expect(refused.stderr).toContain("the kept state is not this one's")
    rmSync(state)
    expect((await restore('after')).status).toBe(0)
    const record = join(blue, 'castle.json')
    const kept = readFileSync(record, 'utf8')
    writeFileSync(record, kept.replace(/"lineage": "[^"]+"/, '"lineage": "another"'))
    rmSync(state)
    expect((await restore('after')).stderr).toContain('and castle blue has another')
    writeFileSync(record, kept)
    expect((await restore('after')).status).toBe(0)
  })

  test('a state that is over 1 MiB compressed is kept, in parts', async () => {
    const big = JSON.parse(applied.toString('utf8'))
    big.outputs.big = { value: randomBytes(1_500_000).toString('hex'), type: 'string' }
    big.serial = 100
    const before = Buffer.from(JSON.stringify(big, null, 2))
    writeFileSync(state, before, { mode: 0o600 })
    await must(scratch, ['castle', 'apply', '--', '-auto-approve'], {
      passphrase: PASSPHRASE,
      cwd: blue,
      timeout: 120_000,
    })
    expect((await restore('before', '--force')).status).toBe(0)
    expect(readFileSync(state).equals(before)).toBe(true)
    writeFileSync(state, applied, { mode: 0o600 })
  })

  const LOCKED = `import fcntl, sys, time
f = open(sys.argv[1], 'r+')
fcntl.lockf(f, fcntl.LOCK_EX)
print('locked', flush=True)
time.sleep(60)`

  test.skipIf(!PYTHON)(
    'nothing while Terraform is at work; what a killed one left holds nobody up',
    async () => {
      const holder = spawn(PYTHON ?? '', ['-c', LOCKED, state], { stdio: ['ignore', 'pipe', 'inherit'] })
      await new Promise((resolve) => holder.stdout.once('data', resolve))
      const busy = await restore('after', '--force')
      expect(busy).toMatchObject({ status: 77, stdout: '' })
      expect(busy.stderr).toContain('Terraform is at work on this state: a process has its lock')
      holder.kill('SIGKILL')
      await new Promise((resolve) => holder.once('close', resolve))
      const left = join(blue, '.terraform.tfstate.lock.info')
      writeFileSync(left, '{"ID": "left by a killed one"}')
      scratch.own(left)
      expect((await restore('after', '--force')).status).toBe(0)
      await must(scratch, ['castle', 'plan'], { passphrase: PASSPHRASE, cwd: blue, timeout: 120_000 })
    },
  )

  test('nothing that is not kept; nothing without the passphrase', async () => {
    rmSync(join(blue, '.terraform.tfstate.lock.info'), { force: true })
    const none = await restore('yesterday')
    expect(none).toMatchObject({ status: 64, stdout: '' })
    await must(scratch, ['lock'], { cwd: blue })
    const asked = await tazpod(scratch, ['castle', 'restore', 'after', '--non-interactive'], { cwd: blue })
    expect(asked.status).toBe(75)
  })
})
