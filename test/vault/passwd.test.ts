import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { tazpodBinary } from '../support/installed.ts'
import { Scratch } from '../support/scratch.ts'
import { run } from '../support/tazpod.ts'
import { tazpodAtTerminal } from '../support/terminal.ts'
import { PASSPHRASE, vault } from './at-work.ts'

describe('tazpod vault passwd', () => {
  test('changes the passphrase and leaves the vault file alone; the recovery key sets a new one', async () => {
    await using scratch = new Scratch()
    const folder = join(scratch.data, 'tazpod')
    const { recoveryKey } = JSON.parse((await vault(scratch, ['init', '--recovery', '--json'])).stdout)
    expect(recoveryKey).toMatch(/^AGE-SECRET-KEY-1[A-Z0-9]{58}$/)
    const before = readFileSync(join(folder, 'vault.age'))

    const done = await vault(scratch, ['passwd', '--generate', '--json'])
    expect(done.status).toBe(0)
    const { passphrase } = JSON.parse(done.stdout)
    expect((await vault(scratch, ['list'])).stderr).toContain('wrong passphrase')
    expect((await vault(scratch, ['list'], { passphrase })).status).toBe(0)
    expect(readFileSync(join(folder, 'vault.age'))).toEqual(before)

    rmSync(join(folder, 'identity.age'))
    expect((await vault(scratch, ['list'])).stderr).toContain('use the recovery key')
    const key = scratch.file('recovery.txt', recoveryKey)
    const recover = (from: string) => [
      'sh',
      '-c',
      `"$1" vault passwd --recovery-key-fd 4 --new-passphrase-fd 5 --non-interactive 4<"$2" 5<"$3"`,
      'sh',
      tazpodBinary(),
      from,
      scratch.file('new.txt', `${PASSPHRASE}\n`),
    ]
    expect((await run(scratch, recover(key))).status).toBe(0)
    expect((await vault(scratch, ['list'])).status).toBe(0)
    const wrong = await run(scratch, recover(scratch.file('other.txt', 'AGE-SECRET-KEY-1XYZ')))
    expect(wrong).toMatchObject({ status: 77 })
    expect(wrong.stderr).toContain('this is no recovery key')
  })
})

describe('at a terminal', () => {
  test('a weak passphrase and two different ones are asked for again, three times in all', async () => {
    await using scratch = new Scratch()
    await using made = tazpodAtTerminal(scratch, ['vault', 'init'])
    await made.waitForText('make up a strong passphrase?')
    made.line('')
    const asked = (question: string, times: number) =>
      made.waitForScreen((screen) => screen.split(question).length - 1 === times)
    await asked('New passphrase of the vault:', 1)
    made.line('too short')
    await made.waitForText('too weak: it has 9 characters')
    await asked('New passphrase of the vault:', 2)
    made.line(PASSPHRASE)
    await asked('New passphrase of the vault again:', 1)
    made.line(`${PASSPHRASE}x`)
    await made.waitForText('the two are not the same; try again')
    await asked('New passphrase of the vault:', 3)
    made.line('Password12345')
    expect((await made.exit()).exitCode).toBe(77)
    expect(made.text()).toContain('next: tazpod vault init --generate')
    expect(existsSync(join(scratch.data, 'tazpod'))).toBe(false)
  })

  test('init offers a passphrase, shows it once, and get adds a newline for the reader', async () => {
    await using scratch = new Scratch()
    await using made = tazpodAtTerminal(scratch, ['vault', 'init'])
    await made.waitForText('make up a strong passphrase?')
    made.line('y')
    await made.waitForText('write it down now')
    expect((await made.exit()).exitCode).toBe(0)
    const [passphrase = ''] = /([a-z2-9]{4}-){4}[a-z2-9]{4}/.exec(made.text()) ?? []

    await using set = tazpodAtTerminal(scratch, ['vault', 'set', 'TOKEN'])
    await set.waitForText('Value of TOKEN:')
    set.line('typed value')
    await set.waitForText('Passphrase of the vault:')
    set.line(passphrase)
    expect((await set.exit()).exitCode).toBe(0)
    expect(set.text()).toContain('TOKEN: added, 11 bytes')
    expect(set.raw).not.toContain('typed value')

    await using get = tazpodAtTerminal(scratch, ['vault', 'get', '--reveal', 'TOKEN'])
    await get.waitForText('Passphrase of the vault:')
    get.line(passphrase)
    expect((await get.exit()).exitCode).toBe(0)
    expect(get.raw).toContain('typed value\r\n')

    await using exported = tazpodAtTerminal(scratch, ['vault', 'export', '--reveal'])
    expect((await exported.exit()).exitCode).toBe(77)
    expect(exported.text()).toContain('a terminal keeps what it showed')
  })
})
