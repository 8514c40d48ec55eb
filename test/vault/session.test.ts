import { expect, test, vi } from 'vitest'
import { makeProject, makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { type RunOptions, tazpod } from '../support/tazpod.ts'
import { cheapen } from '../support/vault.ts'

// Key derivations are slow on purpose, and slower on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

const quietly = (scratch: Scratch, args: string[], options: RunOptions = {}) =>
  tazpod(scratch, ['vault', ...args, '--non-interactive'], options)

/** With the passphrase. */
const owner = (scratch: Scratch, args: string[], options: RunOptions = {}) =>
  quietly(scratch, args, { ...options, passphrase: PASSPHRASE })

test('unlocked or locked, the vault asks for the passphrase', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch, { A: 'one' })
  expect(await quietly(scratch, ['list'])).toMatchObject({ status: 75, stdout: '' })

  await must(scratch, ['pull'], { passphrase: PASSPHRASE })
  const told = 'unlocked since before this change: commands get it after tazpod pull\n'
  const stdin = 'two'
  for (const args of [['set', 'B'], ['get', '--reveal', 'A'], ['list'], ['rm', 'A'], ['export', '--reveal']])
    expect(await quietly(scratch, args, { stdin }), args.join(' ')).toMatchObject({ status: 75, stdout: '' })
  expect(await owner(scratch, ['set', 'B'], { stdin })).toMatchObject({ status: 0, stderr: told })
  expect(await owner(scratch, ['set', 'B'], { stdin })).toMatchObject({ status: 0, stderr: '' }) // no change
  expect(await owner(scratch, ['get', '--reveal', 'B'])).toMatchObject({ status: 0, stdout: 'two' })
  expect((await owner(scratch, ['verify'])).status).toBe(0)
  expect(await owner(scratch, ['rm', 'A'])).toMatchObject({ status: 0, stderr: told })
  const passwd = await quietly(scratch, ['passwd', '--generate'])
  expect(passwd).toMatchObject({ status: 75, stdout: '' })
  expect(passwd.stderr).toContain('no terminal to ask for the passphrase of the vault')

  await must(scratch, ['lock'])
  expect((await quietly(scratch, ['list'])).status).toBe(75)
})

test('a project with a vault of its own uses that one, and the session of another vault does not open it', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch, { MINE: 'x' })
  await makeProject(scratch, 'version: 1\nprovider: vault\nvault: .tazpod/vault.age\n')
  const missing = await quietly(scratch, ['list'])
  expect(missing.stderr).toContain(`${scratch.project}/.tazpod/vault.age`)
  await must(scratch, ['vault', 'init'], { passphrase: PASSPHRASE })
  await cheapen(`${scratch.project}/.tazpod/identity.age`, PASSPHRASE)
  await must(scratch, ['vault', 'set', 'OURS'], { passphrase: PASSPHRASE, stdin: 'y' })
  await must(scratch, ['pull'], { passphrase: PASSPHRASE })
  expect((await owner(scratch, ['list'])).stdout).toMatch(/OURS/)

  await makeProject(scratch, 'version: 1\nprovider: vault\n')
  const other = await quietly(scratch, ['list'])
  expect(other).toMatchObject({ status: 75, stdout: '' })
  const typed = await tazpod(scratch, ['vault', 'list'], { passphrase: PASSPHRASE })
  expect(typed.stdout).toMatch(/MINE/)
})
