/**
 * Promise: the vault's key is used, not handed out. While unlocked a neighbour in the same account gets neither it nor a value
 * by asking; the passphrase, given at the same terminal a short time ago, is what lets one out.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inflateRawSync } from 'node:zlib'
import { Decrypter } from 'age-encryption'
import { beforeEach, expect, test } from 'vitest'
import { journalOf } from '../support/holder.ts'
import { tazpodBinary } from '../support/installed.ts'
import { makeProject, makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { tazpod } from '../support/tazpod.ts'
import { Terminal } from '../support/terminal.ts'
import { until } from '../support/until.ts'

const CANARY = 'canary-5b1f7c'
const config = (session = '') =>
  `version: 1\nprovider: vault\n${session}secrets: [{ name: TOKEN, env: TOKEN_FILE }]\n`
const PROMPT = 'Passphrase of the vault:'
const OWNER = { passphrase: PASSPHRASE }

let scratch: Scratch
beforeEach(async () => {
  scratch = new Scratch()
  await makeVault(scratch, { TOKEN: CANARY, OTHER: 'ungranted' })
  await makeProject(scratch, config())
  return () => scratch[Symbol.asyncDispose]()
})

/** A shell at a terminal of its own. */
const shellAt = (): Terminal => new Terminal(scratch, ['sh'], { env: { PS1: '$ ' } })
const tz = (words: string): string => `'${tazpodBinary()}' ${words}`

/** Gives the passphrase at this terminal. */
async function unlockAt(terminal: Terminal): Promise<void> {
  terminal.line(`${tz('pull')}; echo "[pull $?]"`)
  await terminal.waitForText(PROMPT)
  terminal.line(PASSPHRASE)
  await terminal.waitForText('[pull 0]')
}

const ASKED = ['@identity', '@revoke', '@infisical', 'TOKEN', 'OTHER', './x']

test('without a proof nobody is given the key or a value, by any name', async () => {
  await must(scratch, ['pull'], OWNER) // by a script: no terminal is vouched for
  for (const name of ASKED) {
    const got = await tazpod(scratch, ['ghost', 'get', name])
    expect(got, name).toMatchObject({ status: 77, stdout: '' })
    expect(got.stderr).toContain('a value leaves the session only against the passphrase')
  }
  const many = await tazpod(scratch, ['ghost', 'get', '--many'], { stdin: '@about\0TOKEN\0' })
  expect(many).toMatchObject({ status: 77, stdout: '' }) // what is open opens nothing else
  const about = await tazpod(scratch, ['ghost', 'get', '@about'])
  const known = inflateRawSync(about.stdoutBytes).toString()
  expect(known).toContain('"TOKEN"')
  expect(known).not.toContain(CANARY)
  const denied = journalOf(scratch).filter(({ event }) => event === 'deny')
  expect(denied).toHaveLength(ASKED.length + 1)
  expect(denied.at(-1)).toMatchObject({ command: 'get', reason: 'no proof' })
})

test("another vault's key, a part of the key and a long one prove nothing", async () => {
  await must(scratch, ['pull'], OWNER)
  const key = (
    await must(scratch, ['ghost', 'get', '--key', '@identity'], { stdin: await identity() })
  ).trim()
  expect(key).toMatch(/^AGE-SECRET-KEY-1/) // the control: the right one does
  for (const wrong of [
    key.slice(0, -1),
    `${key}X`,
    key.toLowerCase(),
    `AGE-SECRET-KEY-1${'Q'.repeat(58)}`,
    '\n',
  ]) {
    const got = await tazpod(scratch, ['ghost', 'get', '--key', 'TOKEN'], { stdin: wrong })
    expect(got).toMatchObject({ status: 77, stdout: '' })
    expect((await tazpod(scratch, ['ghost', 'prove'], { stdin: wrong })).status).toBe(77)
  }
})

/** The key itself, as a passphrase opens it. */
async function identity(): Promise<string> {
  const decrypter = new Decrypter()
  decrypter.addPassphrase(PASSPHRASE)
  const text = await decrypter.decrypt(
    readFileSync(join(scratch.home, '.local/share/tazpod/identity.age')),
    'text',
  )
  return /^AGE-SECRET-KEY-1\S+/m.exec(text)?.[0] ?? ''
}

test('every command that works on the vault asks; exec, status, lock and a plain pull do not', async () => {
  await must(scratch, ['pull'], OWNER)
  for (const args of [
    ['vault', 'get', 'TOKEN', '--reveal'],
    ['vault', 'set', 'NEW'],
    ['vault', 'rm', 'TOKEN'],
    ['vault', 'list'],
    ['vault', 'export', '--reveal'],
    ['vault', 'import', '-', '--format', 'dotenv'],
    ['env', 'sh', '--values'],
  ]) {
    const asked = await tazpod(scratch, args, { stdin: 'A=b\n' })
    if (args[0] === 'env')
      expect(asked.stdout).not.toContain(CANARY) // a file, not a value: there is none to ask for
    else expect(asked, args.join(' ')).toMatchObject({ status: 75, stdout: '' })
  }
  await must(scratch, ['vault', 'set', 'TOKEN', '--force'], { ...OWNER, stdin: 'new value' })
  expect(await must(scratch, ['pull'])).toContain('unlocked:')
  expect(await must(scratch, ['exec', '--', 'sh', '-c', 'cat "$TOKEN_FILE"'])).toBe('new value')
  await must(scratch, ['status'])
  await must(scratch, ['lock'])
})

test('the passphrase counts at its terminal for session.proof, at no other, and not for a script', async () => {
  await makeProject(scratch, config('session: { proof: 4s }\n'))
  await using first = shellAt()
  await using second = shellAt()
  await unlockAt(first)
  first.line(`${tz('vault get TOKEN --reveal | cat')}; echo " [first]"`)
  await first.waitForText(`${CANARY} [first]`)
  expect(first.text().split(PROMPT)).toHaveLength(2) // the one of the pull

  const script = await tazpod(scratch, ['ghost', 'get', '@identity'])
  expect(script).toMatchObject({ status: 77, stdout: '' })
  second.line(`${tz('vault get TOKEN --reveal --non-interactive')}; echo "[second $?]"`)
  await second.waitForText('[second 75]')
  expect(second.text()).not.toContain(CANARY)

  await until(() => false, 4_200)
  first.line(`${tz('vault get TOKEN --reveal --non-interactive')}; echo "[late $?]"`)
  await first.waitForText('[late 75]')
  first.line(`${tz('vault get TOKEN --reveal | cat')}; echo " [again]"`) // typed, it counts anew
  await until(() => first.text().split(PROMPT).length === 3)
  first.line(PASSPHRASE)
  await first.waitForText(`${CANARY} [again]`)
  first.line(`${tz('vault get OTHER --reveal --non-interactive | cat')}; echo " [free]"`)
  await first.waitForText('ungranted [free]')
})

test('with proof: 0 it counts for nothing but what it was given for', async () => {
  await makeProject(scratch, config('session: { proof: 0 }\n'))
  await using terminal = shellAt()
  await unlockAt(terminal)
  terminal.line(`${tz('vault get TOKEN --reveal --non-interactive')}; echo "[get $?]"`)
  await terminal.waitForText('[get 75]')
  expect(terminal.text()).not.toContain(CANARY)
})

test('a changed tazpod.yaml is fetched for only against the passphrase, whoever has trusted it', async () => {
  await must(scratch, ['pull'], OWNER)
  await must(scratch, ['pull']) // the control
  await makeProject(scratch, `${config()}commands: { cat: { secrets: [TOKEN] } }\n`) // written and trusted by the neighbour
  const asked = await tazpod(scratch, ['pull', '--non-interactive'])
  expect(asked).toMatchObject({ status: 75, stdout: '' })
  const run = await tazpod(scratch, ['exec', '--non-interactive', '--', 'cat', '/dev/null'])
  expect(run.status).toBe(75)
  await makeProject(scratch, config()) // the same content again, in another file
  expect(await must(scratch, ['pull'])).toContain('unlocked:')
})

test('a session of another terminal (scope: terminal) refreshes by itself, and gives nothing to those who ask', async () => {
  await makeProject(scratch, config('session: { scope: terminal }\n'))
  await using first = shellAt()
  await unlockAt(first)
  expect((await tazpod(scratch, ['pull', '--non-interactive'])).status).toBe(75)
  expect((await tazpod(scratch, ['ghost', 'renew', '0'.repeat(64)])).status).toBe(77)
  first.line(`${tz('pull')}; echo "[again $?]"`)
  await first.waitForText('[again 0]')
  expect(first.text().split(PROMPT)).toHaveLength(2)
})

test('nobody can fetch: a plain pull asks for the passphrase, and a new one fetches again', async () => {
  await must(scratch, ['pull'], OWNER)
  const monitor = scratch.processes().find(({ command }) => command.includes('ghost monitor'))
  process.kill(monitor?.pid ?? 0, 'SIGKILL')
  await until(() => !existsSync(`/proc/${monitor?.pid}`) || isZombie(monitor?.pid ?? 0))
  expect((await tazpod(scratch, ['pull', '--non-interactive'])).status).toBe(75)
  await must(scratch, ['pull'], OWNER)
  expect(await must(scratch, ['pull'])).toContain('unlocked:')
})

function isZombie(pid: number): boolean {
  return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
}
