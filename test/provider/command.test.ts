/** `provider: command`: secrets from programs that print them, with the real `pass` and `gopass` and a GnuPG home of its own. */
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeProject, makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { type Run, run, tazpod } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'

const HAS_PASS = need('gpg', 'provider command') && need('pass', 'provider command')
const HAS_GOPASS = need('gpg', 'provider command') && need('gopass', 'provider command')

const PEM = '-----BEGIN KEY-----\nab+/=\n-----END KEY-----\n'

const pull = (scratch: Scratch, args: string[] = []): Promise<Run> =>
  tazpod(scratch, ['pull', ...args], { passphrase: PASSPHRASE })

/** A project whose secrets are what these argvs print; trusted, with a vault. */
async function withCommands(scratch: Scratch, from: Record<string, readonly string[]>): Promise<void> {
  await makeVault(scratch)
  const rules = Object.entries(from).map(
    ([name, argv]) => `  - { name: ${name}, from: ${JSON.stringify(argv)} }`,
  )
  await makeProject(scratch, ['version: 1', 'provider: command', 'secrets:', ...rules, ''].join('\n'))
}

const read = (scratch: Scratch, name: string): Promise<string> =>
  must(scratch, ['exec', '--', 'sh', '-c', `cat "$TAZPOD_GHOST/${name}/${name}"`])

async function succeed(scratch: Scratch, argv: readonly string[], input = ''): Promise<void> {
  const done = await run(scratch, argv, { stdin: input })
  expect(done.status, `${argv.join(' ')}: ${done.stderr}${done.stdout}`).toBe(0)
}

/** A key without a passphrase in ~/.gnupg of this person; its agent ends with the returned object. */
async function gnupg(scratch: Scratch): Promise<AsyncDisposable> {
  const gpg = ['gpg', '--batch', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', '']
  await succeed(scratch, [
    ...gpg,
    '--quick-generate-key',
    'lab@example.org',
    'future-default',
    'default',
    'never',
  ])
  return {
    [Symbol.asyncDispose]: async () => void (await run(scratch, ['gpgconf', '--kill', 'all'])),
  }
}

describe('real stores', () => {
  test.skipIf(!HAS_PASS)('pass: one line without its end, several lines byte for byte', async () => {
    await using scratch = new Scratch()
    scratch.folder('home/.gnupg')
    await using _ = await gnupg(scratch)
    await succeed(scratch, ['pass', 'init', 'lab@example.org'])
    await succeed(scratch, ['pass', 'insert', '--multiline', 'lab/db'], 'hunter-2\n')
    await succeed(scratch, ['pass', 'insert', '--multiline', 'lab/pem'], PEM)
    await withCommands(scratch, { DB: ['pass', 'show', 'lab/db'], PEM: ['pass', 'show', 'lab/pem'] })
    expect(await pull(scratch)).toMatchObject({ status: 0 })
    expect(await read(scratch, 'DB')).toBe('hunter-2')
    expect(await read(scratch, 'PEM')).toBe(PEM)
  })

  test.skipIf(!HAS_GOPASS)('gopass (the one of aviau, 1.5, that Debian ships)', async () => {
    await using scratch = new Scratch()
    scratch.folder('home/.gnupg')
    await using _ = await gnupg(scratch)
    await succeed(scratch, ['gopass', 'init', 'lab@example.org'])
    // `gopass insert` wants an editor on a terminal; what it writes is a file of gpg's.
    const file = join(scratch.home, '.password-store/db.gpg')
    await succeed(scratch, ['gpg', '--batch', '-r', 'lab@example.org', '-o', file, '--encrypt'], 'hunter-3')
    await withCommands(scratch, { DB: ['gopass', 'show', 'db'] })
    const done = await pull(scratch)
    expect(done.status, done.stderr).toBe(0)
    expect(await read(scratch, 'DB')).toBe('hunter-3')
  })

  test.skipIf(!HAS_PASS)(
    'what pass says of a missing entry is in the message, and nothing is unlocked',
    async () => {
      await using scratch = new Scratch()
      await withCommands(scratch, { DB: ['pass', 'show', 'lab/none'] })
      const done = await pull(scratch)
      expect(done.status).toBe(69)
      expect(done.stderr).toMatch(
        /DB can't be had: pass failed \(exit 1\): Error: lab\/none is not in the password store/,
      )
      expect(done.stderr).toContain('next: pass show lab/none')
      expect((await tazpod(scratch, ['status', '--json'])).stdout).toContain('"locked"')
    },
  )
})

describe('how a program may end', () => {
  const bad: [string, string[], RegExp][] = [
    ['is missing', ['no-such-program-here'], /A can't be had: no-such-program-here is not on the PATH/],
    ['prints nothing', ['true'], /true printed nothing/],
    ['prints an empty line', ['echo'], /echo printed nothing/],
    ['fails without a word', ['false'], /false failed \(exit 1\), and said nothing/],
    ['prints without end', ['yes', 'canary-value'], /yes printed more than 1 MiB/],
    ['kills itself', ['sh', '-c', 'kill -9 $$'], /sh was ended by SIGKILL/],
  ]
  for (const [what, argv, words] of bad)
    test(`a program that ${what} fails the whole pull, and what it printed is in no message`, async () => {
      await using scratch = new Scratch()
      await withCommands(scratch, { GOOD: ['echo', 'canary-value'], A: argv })
      const done = await pull(scratch)
      expect(done.status).toBe(69)
      expect(done.stderr).toMatch(words)
      expect(done.stderr.split('next:')[0]).not.toContain('canary-value')
      expect((await tazpod(scratch, ['status', '--json'])).stdout).toContain('"locked"')
    })

  test('its words are handed over as they stand, and no shell reads them', async () => {
    await using scratch = new Scratch()
    const word = '$(id) `id` "; echo x > ~/made # \\n'
    await withCommands(scratch, { A: ['printf', '%s', word] })
    expect(await pull(scratch)).toMatchObject({ status: 0 })
    expect(await read(scratch, 'A')).toBe(word)
    const list = JSON.parse(await must(scratch, ['secrets', '--json']))
    expect(list.state).toBe('unlocked')
    expect(list.secrets).toMatchObject([{ name: 'A', source: 'command', held: { bytes: word.length } }])
  })

  test('the same argv runs once for one pull, in the folder of the project, without an input', async () => {
    await using scratch = new Scratch()
    const script = 'cat; pwd; echo run >> "$HOME/runs"'
    await withCommands(scratch, { A: ['sh', '-c', script], B: ['sh', '-c', script] })
    expect(await pull(scratch)).toMatchObject({ status: 0 })
    expect(await read(scratch, 'A')).toBe(scratch.project)
    expect(await read(scratch, 'B')).toBe(scratch.project)
    expect((await run(scratch, ['cat', join(scratch.home, 'runs')])).stdout).toBe('run\n')
  })
})

describe('tazpod.yaml', () => {
  const refused: [string, string, RegExp][] = [
    ['a rule without from', '{ name: A }', /A does not say which program prints it/],
    ['a path in the project', '{ name: A, from: [./secret.sh] }', /lies in the project/],
    ['an option as program', '{ name: A, from: ["-c"] }', /is an option, not a program/],
    ['an empty list', '{ name: A, from: [] }', /from.* is an empty list/],
    ['a text instead of a list', '{ name: A, from: "pass show a" }', /from.* must be a list/],
  ]
  for (const [what, rule, words] of refused)
    test(`${what} is refused`, async () => {
      await using scratch = new Scratch()
      await makeProject(scratch, `version: 1\nprovider: command\nsecrets:\n  - ${rule}\n`, false)
      const done = await tazpod(scratch, ['trust', '--yes'])
      expect(done.status).toBe(65)
      expect(done.stderr).toMatch(words)
    })

  test('from: with another provider is refused, not ignored', async () => {
    await using scratch = new Scratch()
    await makeProject(scratch, 'version: 1\nsecrets:\n  - { name: A, from: [pass, show, a] }\n', false)
    const done = await tazpod(scratch, ['trust', '--yes'])
    expect(done.status).toBe(65)
    expect(done.stderr).toMatch(/from: means something with provider: command only/)
  })

  test('trust shows every argv as a shell would read it', async () => {
    await using scratch = new Scratch()
    await makeProject(
      scratch,
      'version: 1\nprovider: command\nsecrets:\n  - { name: DB, from: [pass, show, "lab/my db"] }\n',
      false,
    )
    const shown = await tazpod(scratch, ['trust', '--show'])
    expect(shown.stdout).toContain("DB is what this prints: pass show 'lab/my db'")
  })

  test('nothing runs before the file is trusted', async () => {
    await using scratch = new Scratch()
    await makeVault(scratch)
    await makeProject(
      scratch,
      'version: 1\nprovider: command\nsecrets:\n  - { name: A, from: [touch, ran] }\n',
      false,
    )
    expect((await pull(scratch, ['--non-interactive'])).status).toBe(75)
    expect((await run(scratch, ['ls', scratch.project])).stdout).not.toContain('ran')
  })
})
