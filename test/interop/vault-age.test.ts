import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { Scratch } from '../support/scratch.ts'
import { run, tazpod } from '../support/tazpod.ts'
import { Terminal } from '../support/terminal.ts'
import { need } from '../support/tools.ts'
import { cheapen } from '../support/vault.ts'

// Key derivations are slow on purpose, and slower on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

const here =
  need('age', 'that age opens our files and we open its') && need('age-keygen', 'keys that age made')
const PASSPHRASE = 'correct horse battery'
const SECRET = 'line 1\r\nline 2\0ü\n'

/** A person with a vault of one secret. Returns the folder of the vault and the recovery key. */
async function vaultOf(scratch: Scratch): Promise<{ folder: string; recoveryKey: string }> {
  const options = { passphrase: PASSPHRASE }
  const made = await tazpod(scratch, ['vault', 'init', '--recovery', '--json'], options)
  expect(made).toMatchObject({ status: 0, stderr: '' })
  await cheapen(join(scratch.data, 'tazpod/identity.age'), PASSPHRASE)
  const set = await tazpod(scratch, ['vault', 'set', 'KEY'], { ...options, stdin: SECRET })
  expect(set).toMatchObject({ status: 0, stderr: '' })
  return { folder: join(scratch.data, 'tazpod'), recoveryKey: JSON.parse(made.stdout).recoveryKey }
}

/** Runs age at a terminal, where alone it takes a passphrase, and types it at each prompt. */
async function ageAtTerminal(
  scratch: Scratch,
  cwd: string,
  args: string[],
  prompts: RegExp[],
): Promise<void> {
  await using terminal = new Terminal(scratch, ['age', ...args], { cwd })
  for (const prompt of prompts) {
    await terminal.waitForText(prompt)
    terminal.line(PASSPHRASE)
  }
  expect(await terminal.exit(), terminal.text()).toMatchObject({ exitCode: 0 })
}

function secretIn(json: Buffer | string): string {
  return Buffer.from(JSON.parse(String(json)).secrets.KEY.value, 'base64').toString()
}

describe.skipIf(!here)("Debian's age", () => {
  let scratch: Scratch
  let folder: string
  let recoveryKey: string

  // One vault for all: each test leaves a whole one with the same content and passphrase.
  beforeAll(async () => {
    scratch = new Scratch()
    ;({ folder, recoveryKey } = await vaultOf(scratch))
  })
  afterAll(() => scratch[Symbol.asyncDispose]())

  test('opens the vault with identity.age and the passphrase, in one command', async () => {
    await ageAtTerminal(
      scratch,
      folder,
      ['-d', '-i', 'identity.age', '-o', 'out.json', 'vault.age'],
      [/nter passphrase/],
    )
    expect(secretIn(readFileSync(join(folder, 'out.json')))).toBe(SECRET)
  })

  test('opens identity.age to a plain identity, which opens the vault', async () => {
    await ageAtTerminal(scratch, folder, ['-d', '-o', 'id.txt', 'identity.age'], [/nter passphrase/])
    const identity = readFileSync(join(folder, 'id.txt'), 'utf8')
    expect(identity).toMatch(
      /^# tazpod vault identity\n# public key: age1[a-z0-9]{58}\nAGE-SECRET-KEY-1[A-Z0-9]{58}\n$/,
    )
    const publicKey = await run(scratch, ['age-keygen', '-y', join(folder, 'id.txt')])
    expect(identity).toContain(publicKey.stdout.trim())
    const opened = await run(scratch, ['age', '-d', '-i', join(folder, 'id.txt'), join(folder, 'vault.age')])
    expect(secretIn(opened.stdoutBytes)).toBe(SECRET)
  })

  test('opens the vault with the recovery key', async () => {
    const key = scratch.file('recovery.txt', `${recoveryKey}\n`)
    const opened = await run(scratch, ['age', '-d', '-i', key, join(folder, 'vault.age')])
    expect(secretIn(opened.stdoutBytes)).toBe(SECRET)
  })

  test('opens an export to a key of its own', async () => {
    const key = join(scratch.home, 'key.txt')
    await run(scratch, ['age-keygen', '-o', key])
    const recipient = (await run(scratch, ['age-keygen', '-y', key])).stdout.trim()
    const exported = await tazpod(scratch, ['vault', 'export', '--to', recipient], { passphrase: PASSPHRASE })
    const opened = await run(scratch, ['age', '-d', '-i', key], { stdin: exported.stdoutBytes })
    expect(secretIn(opened.stdoutBytes)).toBe(SECRET)
  })

  test.each([
    ['binary', []],
    ['armored', ['-a']],
  ])('writes %s files that tazpod opens', async (form, armor) => {
    await ageAtTerminal(scratch, folder, ['-d', '-o', 'id.txt', 'identity.age'], [/nter passphrase/])
    const plain = await run(scratch, ['age', '-d', '-i', join(folder, 'id.txt'), join(folder, 'vault.age')])
    const recipient = (await run(scratch, ['age-keygen', '-y', join(folder, 'id.txt')])).stdout.trim()
    for (const name of ['identity.age', 'vault.age']) rmSync(join(folder, name))

    const args = ['-p', ...armor, '-o', 'identity.age', 'id.txt']
    await ageAtTerminal(scratch, folder, args, [/nter passphrase/, /onfirm passphrase/])
    const sealed = await run(scratch, ['age', '-r', recipient, ...armor], { stdin: plain.stdoutBytes })
    writeFileSync(join(folder, 'vault.age'), sealed.stdoutBytes, { mode: 0o600 })
    scratch.own(join(folder, 'vault.age'))
    await run(scratch, ['chmod', '600', join(folder, 'identity.age')])

    const got = await tazpod(scratch, ['vault', 'get', '--reveal', 'KEY'], { passphrase: PASSPHRASE })
    expect(got).toMatchObject({ status: 0, stdout: SECRET, stderr: '' })
    const set = await tazpod(scratch, ['vault', 'set', form.toUpperCase()], {
      passphrase: PASSPHRASE,
      stdin: 'x',
    })
    expect(set.status).toBe(0)
    expect(readFileSync(join(folder, 'vault.age'), 'latin1')).toMatch(/^age-encryption\.org\/v1\n/)
    expect(statSync(join(folder, 'vault.age')).mode & 0o777).toBe(0o600)
  })
})
