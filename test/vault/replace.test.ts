/** Another value under a name that the vault holds: `set` and `import` ask, and without anybody to ask change nothing. */
import { readFileSync } from 'node:fs'
import { beforeEach, expect, test } from 'vitest'
import { must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { unlocked } from '../support/story.ts'
import { tazpod } from '../support/tazpod.ts'
import { KEY, tazpodAtTerminal } from '../support/terminal.ts'

const OWNER = { passphrase: PASSPHRASE }

let scratch: Scratch

beforeEach(async () => {
  scratch = new Scratch()
  await unlocked(scratch, {
    config: 'version: 1\nsecrets: [{ name: A }]\n',
    secrets: { A: 'first', B: 'two' },
  })
  return () => scratch[Symbol.asyncDispose]()
})

const value = (name: string) => must(scratch, ['vault', 'get', '--reveal', name], OWNER)
const generation = async () => JSON.parse(await must(scratch, ['vault', 'list', '--json'], OWNER)).generation

test('without a terminal: exit 65, the names, and nothing changed; --force replaces', async () => {
  const before = await generation()
  const set = await tazpod(scratch, ['vault', 'set', 'A'], { ...OWNER, stdin: 'other' })
  expect(set).toMatchObject({ status: 65, stdout: '' })
  expect(set.stderr).toContain('the vault already holds another value of A; nothing was changed\n')
  expect(set.stderr).toContain('next: the same command with --force')
  const clear = scratch.file('project/.env', 'A=other\nB=other\nC=new\n')
  const imported = await tazpod(scratch, ['vault', 'import', '.env', '--empty'], OWNER)
  expect(imported).toMatchObject({ status: 65, stdout: '' })
  expect(imported.stderr).toContain('another value of A, B; nothing was changed')
  expect(readFileSync(clear, 'utf8')).toBe('A=other\nB=other\nC=new\n')
  expect([await value('A'), await generation()]).toEqual(['first', before])
  // the same value is no replacement
  expect(await must(scratch, ['vault', 'set', 'A'], { ...OWNER, stdin: 'first' })).toContain('A: unchanged')

  await must(scratch, ['vault', 'import', '.env', '--empty', '--force'], OWNER)
  expect([await value('A'), await value('B'), await value('C')]).toEqual(['other', 'other', 'new'])
  expect(readFileSync(clear, 'utf8')).toBe('')
  expect(await must(scratch, ['vault', 'set', 'A', '--force'], { ...OWNER, stdin: 'third' })).toContain(
    'A: replaced',
  )
  expect(await value('A')).toBe('third')
})

test.each([
  ['y', 0, 'typed'],
  ['', 65, 'first'],
  ['n', 65, 'first'],
  [KEY.ctrlC, 130, 'first'],
])('a person who answers %j: exit %d, the vault holds %s', async (answer, code, kept) => {
  await using terminal = tazpodAtTerminal(scratch, ['vault', 'set', 'A'])
  await terminal.waitForText('Value of A:')
  terminal.line('typed')
  await terminal.waitForText('Passphrase of the vault:')
  terminal.line(PASSPHRASE)
  await terminal.waitForText('The vault holds another value of A. Replace it? [y/N]')
  terminal.line(answer)
  const { exitCode, signal } = await terminal.exit()
  expect(signal ? 128 + signal : exitCode).toBe(code) // Ctrl-C ends it by the signal
  expect(await value('A')).toBe(kept)
})

test('a key that ssh would refuse is kept as it is, with a hint that makes it right', async () => {
  const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----'
  const set = await tazpod(scratch, ['vault', 'set', 'SSH_KEY'], { ...OWNER, stdin: key })
  expect([set.status, set.stderr]).toEqual([0, expect.stringContaining('SSH_KEY has no newline at its end')])
  scratch.file('project/id', key)
  const imported = await tazpod(scratch, ['vault', 'import', 'id', '--as', 'OTHER_KEY'], OWNER)
  expect(imported.stderr).toContain('OTHER_KEY has no newline at its end')
  expect(await value('SSH_KEY')).toBe(key)
})

test('--non-interactive asks nobody, at a terminal either', async () => {
  scratch.file('project/.env', 'A=other\n')
  await using terminal = tazpodAtTerminal(scratch, ['vault', 'import', '.env', '--non-interactive'])
  expect((await terminal.exit()).exitCode).toBe(75) // for the passphrase
  const imported = await tazpod(scratch, ['vault', 'import', '.env', '--non-interactive'], OWNER)
  expect(imported.status).toBe(65)
  expect(await value('A')).toBe('first')
})

test('a wrong passphrase is said before anything about values', async () => {
  await must(scratch, ['lock'])
  const wrong = await tazpod(scratch, ['vault', 'set', 'A'], { stdin: 'other', passphrase: 'not this one' })
  expect(wrong.status).toBe(77)
  const right = await tazpod(scratch, ['vault', 'set', 'A'], { stdin: 'other', passphrase: PASSPHRASE })
  expect(right.status).toBe(65)
})
