import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { must, PASSPHRASE } from '../support/project.ts'
import type { Scratch } from '../support/scratch.ts'
import { stub } from '../support/stub.ts'
import { need, which } from '../support/tools.ts'
import { castle, world } from './world.ts'

describe.skipIf(!need('terraform', 'the preflight of a castle'))('the preflight', () => {
  let scratch: Scratch
  let blue: string
  beforeAll(async () => {
    ;({ scratch, blue } = await world())
  })
  afterAll(() => scratch[Symbol.asyncDispose]())

  const refused = async (words: string, status: number, env: Record<string, string> = {}): Promise<void> => {
    const done = await castle(scratch, blue, ['plan'], env)
    expect([done.status, done.stdout]).toEqual([status, ''])
    expect(done.stderr).toContain(words)
  }

  test.each([['TRACE'], ['debug'], ['INFO'], ['JSON'], ['1'], ['true']])(
    'refuses TF_LOG=%s',
    async (level) => {
      await refused('writes values of variables and states into the log', 77, { TF_LOG: level })
    },
  )

  test('refuses TF_CLI_ARGS, and both are taken with --force', async () => {
    await refused('TF_CLI_ARGS_plan changes what terraform does', 77, { TF_CLI_ARGS_plan: '-no-color' })
    const forced = await castle(scratch, blue, ['plan', '--force'], { TF_CLI_ARGS_plan: '-no-color' })
    expect(forced.status).toBe(0)
  })

  test('refuses a state that others can read', async () => {
    const state = join(blue, 'terraform.tfstate')
    writeFileSync(state, '')
    scratch.own(state)
    chmodSync(state, 0o644)
    await refused(`next: chmod 600 ${state}`, 77)
    rmSync(state)
  })

  test.each([
    ['more.auto.tfvars', 'talos_secretbox_key = ""\n', 1],
    ['more.auto.tfvars.json', '{\n  "talos_secretbox_key": ""\n}\n', 2],
    ['terraform.tfvars.json', '{"talos_secretbox_key": null}', 1],
    ['z.auto.tfvars', 'talos_secretbox_key_name = "key9"\n', 1],
  ])('refuses a committed value in front of an injected one: %s', async (name, text, line) => {
    const file = join(blue, name)
    writeFileSync(file, text)
    const variable = /talos_\w+/.exec(text)?.[0]
    await refused(`${name}:${line} gives a value to ${variable}, which tazpod injects`, 77)
    rmSync(file)
  })

  test.each([
    [['-var', 'talos_secretbox_key=x'], '-var talos_secretbox_key=… would replace what tazpod injects'],
    [
      ['-var', 'talos_secretbox_key_name=key9'],
      '-var talos_secretbox_key_name=… would replace what tazpod injects',
    ],
    [['--var=talos_secretbox_key=x'], '-var talos_secretbox_key=… would replace what tazpod injects'],
    [['-var-file=mine.tfvars'], 'mine.tfvars:1 gives a value to talos_secretbox_key, which tazpod injects'],
    [['-out=plan.out'], 'a saved plan holds the key and every granted value'],
    [['-state', '/tmp/other'], "puts the state where the castle's record does not look"],
    [['-destroy'], 'next: tazpod castle destroy'],
  ])('refuses %j behind --', async (args, words) => {
    const file = join(blue, 'mine.tfvars')
    writeFileSync(file, 'talos_secretbox_key = ""\n')
    const done = await castle(scratch, blue, ['plan', '--', ...args])
    rmSync(file)
    expect([done.status, done.stdout]).toEqual([77, ''])
    expect(done.stderr).toContain(words)
    expect(existsSync(join(blue, 'plan.out'))).toBe(false)
  })

  test('refuses another workspace, by the environment or by choice: its state would not be kept', async () => {
    await refused('would work in the workspace w', 77, { TF_WORKSPACE: 'w' })
    mkdirSync(join(blue, '.terraform'), { recursive: true })
    const chosen = join(blue, '.terraform/environment')
    writeFileSync(chosen, 'w')
    await refused('next: terraform workspace select default', 77)
    rmSync(chosen)
  })

  test('refuses a terraform that is too old, and one that is not there', async () => {
    const path = scratch.env.PATH ?? ''
    stub(scratch, 'terraform', `echo '{"terraform_version":"1.9.8"}'`)
    await refused('terraform is 1.9.8; at least 1.11 is needed', 69)
    rmSync(join(scratch.home, 'bin/terraform'))
    scratch.env.PATH = path
    const empty = scratch.folder('home/empty')
    const setpriv = which('setpriv')
    if (setpriv !== undefined) symlinkSync(setpriv, join(empty, 'setpriv')) // the test itself changes the user with it
    await refused('terraform is not on the PATH', 69, { PATH: empty })
  })

  test('refuses a session that ends soon, and a locked one', async () => {
    const yaml = readFileSync(join(blue, 'tazpod.yaml'), 'utf8')
    writeFileSync(
      join(blue, 'tazpod.yaml'),
      yaml.replace('max: 12h', 'max: 5m').replace('idle: 30m', 'idle: 5m'),
    )
    await must(scratch, ['trust', '--yes'], { cwd: blue })
    await must(scratch, ['pull'], { cwd: blue, passphrase: PASSPHRASE })
    await refused('the session ends in', 77)
    await must(scratch, ['lock'], { cwd: blue })
    await refused('locked', 75)
    writeFileSync(join(blue, 'tazpod.yaml'), yaml)
  })

  test('refuses to apply with a key that is not the recorded one', async () => {
    await must(scratch, ['trust', '--yes'], { cwd: blue })
    const stdin = Buffer.alloc(32, 9).toString('base64')
    await must(scratch, ['vault', 'set', 'BLUE_B1E00000_TALOS_SECRETBOX_KEY', '--force'], {
      cwd: blue,
      passphrase: PASSPHRASE,
      stdin,
    })
    await must(scratch, ['pull'], { cwd: blue, passphrase: PASSPHRASE })
    const done = await castle(scratch, blue, ['apply', '--', '-auto-approve'])
    expect(done).toMatchObject({ status: 77, stdout: '' })
    expect(done.stderr).toContain('BLUE_B1E00000_TALOS_SECRETBOX_KEY is other')
    expect(existsSync(join(blue, 'terraform.tfstate'))).toBe(false)
  })
})
