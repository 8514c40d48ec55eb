import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tazpodBinary } from '../support/installed.ts'
import { Scratch } from '../support/scratch.ts'
import { run, tazpod } from '../support/tazpod.ts'
import { cheapen } from '../support/vault.ts'
import { BYTES, PASSPHRASE, vault } from './at-work.ts'

describe('tazpod vault', () => {
  let scratch: Scratch
  let folder: string

  beforeAll(async () => {
    scratch = new Scratch()
    folder = join(scratch.data, 'tazpod')
  })
  afterAll(() => scratch[Symbol.asyncDispose]())

  test('without a vault every verb says how to make one', async () => {
    for (const args of [
      ['list'],
      ['get', '--reveal', 'A'],
      ['rm', 'A'],
      ['verify'],
      ['history'],
      ['restore', '1'],
    ]) {
      const done = await tazpod(scratch, ['vault', ...args, '--non-interactive'])
      expect(done).toMatchObject({ status: 65, stdout: '' })
      expect(done.stderr).toContain('there is no vault at')
      expect(done.stderr).toContain('next: tazpod vault init')
    }
  })

  test('init refuses a weak passphrase with the reason, and makes nothing', async () => {
    const weak = await vault(scratch, ['init'], { passphrase: 'Password12345' })
    expect(weak).toMatchObject({ status: 77, stdout: '' })
    expect(weak.stderr).toContain('it is built on a common password')
    expect(weak.stderr).toContain('next: tazpod vault init --generate')
    expect(weak.stderr).not.toContain('Password12345')
    expect(existsSync(folder)).toBe(false)
  })

  test('init makes private files, once', async () => {
    const made = await vault(scratch, ['init', '--json'])
    expect(made).toMatchObject({ status: 0, stderr: '' })
    expect(JSON.parse(made.stdout)).toEqual({ vault: join(folder, 'vault.age') })
    const list = await run(scratch, ['find', folder, '-not', '-name', '.*.lock', '-printf', '%M %f\n'])
    expect(list.stdout.trim().split('\n').sort()).toEqual([
      '-rw------- identity.age',
      '-rw------- vault.age',
      'drwx------ tazpod',
    ])
    const before = readFileSync(join(folder, 'vault.age'))
    const again = await vault(scratch, ['init'])
    expect(again).toMatchObject({ status: 77 })
    expect(again.stderr).toContain('exists already and was not touched')
    expect(readFileSync(join(folder, 'vault.age'))).toEqual(before)
    expect((await vault(scratch, ['list'])).status).toBe(0)
    await cheapen(join(folder, 'identity.age'), PASSPHRASE) // for the tests below
  })

  test('set and get keep every byte, and add none', async () => {
    expect(await vault(scratch, ['set', 'KEY'], { stdin: BYTES })).toMatchObject({ status: 0, stderr: '' })
    const got = await vault(scratch, ['get', '--reveal', 'KEY'])
    expect(got).toMatchObject({ status: 0, stderr: '' })
    expect(got.stdoutBytes).toEqual(BYTES)
    const json = await vault(scratch, ['get', '--reveal', 'KEY', '--json'])
    expect(Buffer.from(JSON.parse(json.stdout).value, 'base64')).toEqual(BYTES)
  })

  test('set leaves out the newline behind a key that has none, and says so', async () => {
    const key = Buffer.alloc(32, 7).toString('base64')
    const set = await vault(scratch, ['set', 'BASE64'], { stdin: `${key}\n` })
    expect(set.stdout).toBe('BASE64: added, 44 bytes\n')
    expect(set.stderr).toContain('it is 32 bytes in base64: the newline at its end was left out')
    expect((await vault(scratch, ['get', '--reveal', 'BASE64'])).stdout).toBe(key)
    expect((await vault(scratch, ['rm', 'BASE64'])).status).toBe(0)
  })

  test('set keeps the newline of a single line, and says so', async () => {
    const line = await vault(scratch, ['set', 'LINE'], { stdin: 'token\n' })
    expect(line.stderr).toBe('the value ends with a newline, which is kept; printf %s VALUE writes none\n')
    expect((await vault(scratch, ['get', '--reveal', 'LINE'])).stdout).toBe('token\n')
    expect(await vault(scratch, ['set', 'LINE', '--force'], { stdin: 'token' })).toMatchObject({
      status: 0,
      stderr: '',
    })
    expect((await vault(scratch, ['rm', 'LINE'])).status).toBe(0)
  })

  test('get shows nothing without --reveal', async () => {
    const done = await vault(scratch, ['get', 'KEY'])
    expect(done).toMatchObject({ status: 64, stdout: '' })
    expect(done.stderr).toContain('tazpod vault get --reveal KEY')
  })

  test('a value is never an argument', async () => {
    const done = await vault(scratch, ['set', 'KEY', 'hunter2'], { stdin: '' })
    expect(done).toMatchObject({ status: 64, stdout: '' })
  })

  test('set refuses bad names and values over 1 MiB before it asks for a passphrase', async () => {
    const name = await tazpod(scratch, ['vault', 'set', '1-bad', '--non-interactive'], { stdin: 'x' })
    expect(name.status).toBe(64)
    expect(name.stderr).toContain(`"1-bad" can't name a secret`)
    const large = await tazpod(scratch, ['vault', 'set', 'BIG', '--non-interactive'], {
      stdin: Buffer.alloc(1_048_577),
    })
    expect(large.status).toBe(65)
    expect(large.stderr).toContain('the value of BIG')
    const both = await tazpod(scratch, ['vault', 'set', 'A', '--passphrase-fd', '0'], { stdin: 'x' })
    expect(both.status).toBe(64)
    expect(both.stderr).toContain("can't be both the passphrase and the value")
  })

  test('set takes a value of exactly 1 MiB, and an empty one', async () => {
    const large = Buffer.alloc(1_048_576, 0xa5)
    expect((await vault(scratch, ['set', 'BIG'], { stdin: large })).status).toBe(0)
    expect((await vault(scratch, ['get', '--reveal', 'BIG'])).stdoutBytes).toEqual(large)
    expect((await vault(scratch, ['set', 'EMPTY'], { stdin: '' })).status).toBe(0)
    expect(await vault(scratch, ['get', '--reveal', 'EMPTY'])).toMatchObject({ status: 0, stdout: '' })
    expect((await vault(scratch, ['rm', 'BIG', 'EMPTY'])).status).toBe(0)
  })

  test('list shows names, sizes and ages, never values', async () => {
    const human = await vault(scratch, ['list'])
    expect(human.stdout).toMatch(
      /^kind +name +bytes +changed\nsecret +KEY +25 +\d{4}-\d\d-\d\d [\d:]{8} \((\d+[sm] ago|now)\)\n$/,
    )
    expect(human.stdout).not.toContain('BEGIN')
    const { secrets } = JSON.parse((await vault(scratch, ['list', '--json'])).stdout)
    expect(secrets).toEqual([
      { name: 'KEY', size: BYTES.length, updated: expect.stringMatching(/^\d{4}-.*Z$/) },
    ])
  })

  test('rm removes all or nothing', async () => {
    const done = await vault(scratch, ['rm', 'KEY', 'NONE'])
    expect(done).toMatchObject({ status: 65, stdout: '' })
    expect(done.stderr).toContain('the vault has no secret NONE')
    expect((await vault(scratch, ['get', '--reveal', 'KEY'])).status).toBe(0)
  })

  test('import reads dotenv, json and yaml, all or none', async () => {
    scratch.file('project/.env', 'A=1\nB="two words"\n')
    scratch.file('project/s.json', '{"C": "three"}')
    scratch.file('project/s.yml', 'D: |\n  four\n')
    for (const file of ['.env', 's.json', 's.yml'])
      expect((await vault(scratch, ['import', file])).status, file).toBe(0)
    for (const [name, value] of Object.entries({ A: '1', B: 'two words', C: 'three', D: 'four\n' })) {
      expect((await vault(scratch, ['get', '--reveal', name])).stdout, name).toBe(value)
    }
    scratch.file('project/bad.json', '{"E": "x", "not a name": "y"}')
    expect((await vault(scratch, ['import', 'bad.json'])).status).not.toBe(0)
    expect((await vault(scratch, ['get', '--reveal', 'E'])).status).toBe(65)
    scratch.file('project/bad.env', 'F=1\nno value here\n')
    const bad = await vault(scratch, ['import', 'bad.env'])
    expect(bad.stderr).toBe('tazpod: bad.env:2: not right for dotenv: NAME=value is expected\n')
  })

  test('import reads standard input, and an empty file is refused', async () => {
    const json = await vault(scratch, ['import', '-', '--format', 'json'], { stdin: '{"PIPED": "x"}' })
    expect(json).toMatchObject({ status: 0, stdout: 'imported 1 new, 0 changed, 0 as they were\n' })
    const nothing = await vault(scratch, ['import', '-', '--format', 'dotenv'], { stdin: '# nothing\n' })
    expect(nothing).toMatchObject({ status: 64, stdout: '' })
    expect((await vault(scratch, ['rm', 'PIPED'])).status).toBe(0)
  })

  test('import --as keeps a whole file, and --empty empties it afterwards', async () => {
    const file = scratch.file('project/kubeconfig', BYTES, 0o644)
    const unclear = await vault(scratch, ['import', 'kubeconfig'])
    expect(unclear).toMatchObject({ status: 64 })
    expect(unclear.stderr).toContain('--as NAME')
    expect(
      (await vault(scratch, ['import', 'kubeconfig', '--as', 'KUBECONFIG_CONTENT', '--empty'])).status,
    ).toBe(0)
    expect(readFileSync(file)).toHaveLength(0)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect((await vault(scratch, ['get', '--reveal', 'KUBECONFIG_CONTENT'])).stdoutBytes).toEqual(BYTES)
  })

  test('import --as refuses a kubeconfig whose key lies in a file beside it, and names the way', async () => {
    const text = (key: string) =>
      `apiVersion: v1\nkind: Config\nclusters:\n  - { name: a, cluster: { server: "https://x" } }\ncontexts: []\nusers:\n  - name: me\n    user: { client-certificate: /etc/me.crt, ${key} }\n`
    const file = scratch.file('project/kc', text('client-key: keys/me.pem'))
    const refused = await vault(scratch, ['import', 'kc', '--as', 'KC', '--empty'])
    expect(refused).toMatchObject({ status: 77, stdout: '' })
    expect(refused.stderr).toContain('it names a file beside it (client-key: keys/me.pem)')
    expect(refused.stderr).toContain(
      'KUBECONFIG=kc kubectl config view --raw --flatten | tazpod vault import - --as KC',
    )
    expect(readFileSync(file, 'utf8')).toBe(text('client-key: keys/me.pem'))
    expect((await vault(scratch, ['get', '--reveal', 'KC'])).status).toBe(65)
  })

  test('import --empty takes only what a second reader understands alike; else nothing is stored or emptied', async () => {
    for (const [name, text, words] of [
      ['odd.env', 'ODD_A=1\nODD_B=a#b\n', 'odd.env:2: not right for dotenv: another reader of this format'],
      ['odd.yaml', 'ODD_A: x\nODD_B: !!binary |\n  /wD+\n', 'odd.yaml:2: not right for yaml: tags'],
    ] as const) {
      const file = scratch.file(`project/${name}`, text)
      const refused = await vault(scratch, ['import', name, '--empty'])
      expect(refused).toMatchObject({ status: 65, stdout: '' })
      expect(refused.stderr).toContain(words)
      expect(readFileSync(file, 'utf8')).toBe(text)
      expect((await vault(scratch, ['get', '--reveal', 'ODD_A'])).status).toBe(65)
    }
    const file = scratch.file('project/even.env', 'EVEN=\'a#b\'\nMORE="x\\ny"\n')
    expect((await vault(scratch, ['import', 'even.env', '--empty'])).status).toBe(0)
    expect(readFileSync(file)).toHaveLength(0)
    expect((await vault(scratch, ['get', '--reveal', 'MORE'])).stdout).toBe('x\ny')
    expect((await vault(scratch, ['rm', 'EVEN', 'MORE'])).status).toBe(0)
  })

  test('import --empty leaves the clear text alone when the vault could not take it', async () => {
    const file = scratch.file('project/keep.env', 'KEEP=me\n')
    const wrong = await vault(scratch, ['import', 'keep.env', '--empty'], { passphrase: 'wrong words here' })
    expect(wrong).toMatchObject({ status: 77 })
    expect(wrong.stderr).toContain('wrong passphrase')
    expect(readFileSync(file, 'utf8')).toBe('KEEP=me\n')
  })

  test('export refuses a file for clear text, and says who could read what otherwise', async () => {
    const pass = scratch.file('pass.txt', PASSPHRASE)
    for (const format of ['dotenv', 'yaml']) {
      const script = '"$1" vault export --reveal --format "$3" --passphrase-fd 4 4<"$2" >clear'
      const done = await run(scratch, ['sh', '-c', script, 'sh', tazpodBinary(), pass, format])
      expect(done.status).toBe(77)
      expect(done.stderr).toContain('a file would hold the secrets in clear')
      expect(readFileSync(join(scratch.project, 'clear'))).toHaveLength(0)
    }
    expect((await vault(scratch, ['export'])).stderr).toContain('say who can read the export')
    expect((await vault(scratch, ['export', '--to', 'age1nonsense'])).stderr).toContain('is no age recipient')
  })

  test('export in clear reads back the same, and names what a format can not carry', async () => {
    const binary = await vault(scratch, ['export', '--reveal', '--format', 'json'])
    expect(binary).toMatchObject({ status: 65, stdout: '' })
    expect(binary.stderr).toContain('KEY')
    expect((await vault(scratch, ['rm', 'KEY', 'KUBECONFIG_CONTENT'])).status).toBe(0)
    const json = await vault(scratch, ['export', '--reveal', '--format', 'json'])
    expect(JSON.parse(json.stdout)).toEqual({ A: '1', B: 'two words', C: 'three', D: 'four\n' })
    for (const format of ['dotenv', 'json', 'yaml']) {
      const clear = await vault(scratch, ['export', '--reveal', '--format', format])
      const again = await vault(scratch, ['import', `-`, '--format', format, '--json'], {
        stdin: clear.stdoutBytes,
      })
      expect(JSON.parse(again.stdout), format).toMatchObject({
        added: [],
        replaced: [],
        unchanged: expect.arrayContaining(['A', 'B', 'C', 'D']),
      })
    }
  })

  test('history and restore bring an earlier content back, and that can be undone', async () => {
    const { generations } = JSON.parse((await tazpod(scratch, ['vault', 'history', '--json'])).stdout)
    const numbers: number[] = generations.map((g: { number: number }) => g.number)
    expect(numbers.length).toBeLessThanOrEqual(10)
    expect(generations[0]).toMatchObject({ number: numbers[0], current: true })
    const before = JSON.parse((await vault(scratch, ['list', '--json'])).stdout)
    const oldest = String(numbers.at(-1))
    expect((await vault(scratch, ['restore', oldest])).status).toBe(0)
    const after = JSON.parse((await vault(scratch, ['list', '--json'])).stdout)
    expect(after.generation).toBe(before.generation + 1)
    expect(after.secrets.length).toBeLessThan(before.secrets.length)
    expect((await vault(scratch, ['restore', String(before.generation)])).status).toBe(0)
    expect(JSON.parse((await vault(scratch, ['list', '--json'])).stdout).secrets).toEqual(before.secrets)
    expect((await vault(scratch, ['restore', '9999'])).stderr).toContain('there is no generation 9999')
    expect((await vault(scratch, ['restore'])).status).toBe(64)
  })

  test('verify finds what is damaged, restore repairs it', async () => {
    const file = join(folder, 'vault.age')
    const good = readFileSync(file)
    expect((await vault(scratch, ['verify'])).status).toBe(0)
    const bad = Buffer.from(good)
    bad[bad.length - 5]! ^= 1
    writeFileSync(file, bad)
    const verified = await vault(scratch, ['verify', '--json'])
    expect(verified.status).toBe(65)
    const { files } = JSON.parse(verified.stdout)
    expect(files.filter((one: { ok: boolean }) => !one.ok)).toEqual([
      { path: file, ok: false, why: expect.stringContaining('its content was changed or cut off') },
    ])
    const list = await vault(scratch, ['list'])
    expect(list).toMatchObject({ status: 65 })
    expect(list.stderr).toContain('next: tazpod vault history')
    const newest = JSON.parse((await tazpod(scratch, ['vault', 'history', '--json'])).stdout).generations[0]
      .number
    expect((await vault(scratch, ['restore', String(newest)])).status).toBe(0)
    expect((await vault(scratch, ['list'])).status).toBe(0)
    expect(
      readdirSync(join(folder, 'generations')).filter((name) => name.startsWith('unreadable-')),
    ).toHaveLength(1)
  })

  test('an older vault file is taken only on purpose, with restore --file', async () => {
    const file = join(folder, 'vault.age')
    const backup = join(scratch.home, 'backup.age')
    await run(scratch, ['cp', file, backup])
    expect((await vault(scratch, ['set', 'LATER'], { stdin: 'x' })).status).toBe(0)
    await run(scratch, ['cp', backup, file])
    const list = await vault(scratch, ['list'])
    expect(list).toMatchObject({ status: 77 })
    expect(list.stderr).toContain('somebody put an older vault in its place')
    expect((await vault(scratch, ['restore', '--file', backup])).status).toBe(0)
    expect((await vault(scratch, ['list'])).stdout).not.toContain('LATER')
  })

  test('a world-readable vault is refused with the command that fixes it', async () => {
    const file = join(folder, 'vault.age')
    chmodSync(file, 0o644)
    const list = await vault(scratch, ['list'])
    expect(list).toMatchObject({ status: 77 })
    expect(list.stderr).toContain(`next: chmod 600 ${file}`)
    chmodSync(file, 0o600)
  })

  test.each([
    ['wrong', 'not this one at all', 77, 'wrong passphrase'],
    ['empty', '', 77, 'this passphrase can'],
    ['1 MiB', Buffer.alloc(1_048_576, 'x'), 77, 'longer than 1024 bytes'],
    ['not UTF-8', Buffer.from([0x61, 0xff]), 77, 'not valid UTF-8'],
  ])(
    'a passphrase that is %s: exit code, clear words, nothing on stdout',
    async (_, passphrase, status, words) => {
      const done = await vault(scratch, ['list'], { passphrase })
      expect(done).toMatchObject({ status, stdout: '' })
      expect(done.stderr).toContain(words)
    },
  )
})
