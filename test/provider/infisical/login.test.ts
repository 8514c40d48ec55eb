import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Lab, lab, login, MODES } from '../../support/infisical.ts'
import { makeVault, must, PASSPHRASE } from '../../support/project.ts'
import { Scratch } from '../../support/scratch.ts'
import { tazpod } from '../../support/tazpod.ts'
import { KEY, tazpodAtTerminal } from '../../support/terminal.ts'

/** The same lab, with another client secret on the person's side. */
function withSecret(here: Lab, clientSecret: string): Lab {
  const { clientId } = here.identity
  return { ...here, identity: { clientId, clientSecret } as Lab['identity'] }
}

describe.each(MODES)('%s', (mode) => {
  test('a login is proved, kept, shown without its secret, and ends its own session', async () => {
    await using scratch = new Scratch()
    const here = await lab({ mode })
    await using server = here.server
    await makeVault(scratch)
    const done = await login(scratch, here)
    expect(done).toMatchObject({ status: 0, stderr: '' })
    expect(done.stdout).toContain(`logged in: ${server.origin} as ${here.identity.clientId}`)
    const shown = await tazpod(scratch, ['login', '--show'], { passphrase: PASSPHRASE })
    expect(shown.stdout).toContain(server.origin)
    expect(shown.stdout + done.stdout).not.toContain(here.identity.clientSecret)
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /api/v1/auth/universal-auth/login',
      'POST /api/v1/auth/token/revoke',
    ])
    expect(server.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true)
    expect(server.requests.every(({ headers }) => /^tazpod\//.test(String(headers['user-agent'])))).toBe(true)
  })

  test('a refused one is tried once, and nothing is kept', async () => {
    await using scratch = new Scratch()
    const here = await lab({ mode })
    await using server = here.server
    await makeVault(scratch)
    const before = readFileSync(join(scratch.data, 'tazpod/vault.age'))
    const wrong = withSecret(here, 'wrong-secret-value')
    const done = await login(scratch, wrong)
    expect(done).toMatchObject({ status: 77, stdout: '' })
    expect(done.stderr).toContain('refused the client id or the client secret')
    expect(done.stderr).toContain(server.origin)
    expect(done.stderr).not.toContain('wrong-secret-value')
    expect(server.requests).toHaveLength(1)
    expect(readFileSync(join(scratch.data, 'tazpod/vault.age'))).toEqual(before)
  })
})

test('locked out is said as such, with a time', async () => {
  await using scratch = new Scratch()
  const here = await lab()
  await using server = here.server
  await makeVault(scratch)
  const wrong = withSecret(here, 'wrong')
  for (let i = 0; i < 3; i++) await login(scratch, wrong)
  const done = await login(scratch, here)
  expect(done.status).toBe(77)
  expect(done.stderr).toMatch(/locked this identity out .*until about \d\d:\d\d/)
  server.advance(301)
  expect((await login(scratch, here)).status).toBe(0)
})

test.each([
  ['an http server elsewhere', ['--host', 'http://infisical.example'], 64, 'must be https'],
  ['an empty host', ['--host', ''], 64, 'is empty'],
  ['a bad name', ['../x'], 64, 'is no name for an identity'],
  ['a CA that is none', ['--ca', '/etc/hostname'], 64, 'no certificate in PEM form'],
  ['a CA that is not there', ['--ca', '/nonexistent.pem'], 65, 'ENOENT'],
])('%s is refused before anything is asked', async (_, args, status, words) => {
  await using scratch = new Scratch()
  await makeVault(scratch)
  const done = await tazpod(scratch, ['login', ...args, '--non-interactive'])
  expect(done.status).toBe(status)
  expect(done.stderr).toContain(words)
})

test('without a terminal it says which flag is missing', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch)
  const done = await tazpod(scratch, ['login', '--non-interactive'], { passphrase: PASSPHRASE })
  expect(done).toMatchObject({ status: 75, stdout: '' })
  expect(done.stderr).toContain('--client-id ID --client-secret-fd 3')
})

test('several identities by name; logout takes one out', async () => {
  await using scratch = new Scratch()
  const here = await lab()
  await using _server = here.server
  await makeVault(scratch)
  expect((await login(scratch, here)).status).toBe(0)
  expect((await login(scratch, here, ['work'])).status).toBe(0)
  const list = async () =>
    JSON.parse(await must(scratch, ['login', '--show', '--json'], { passphrase: PASSPHRASE })).identities.map(
      ({ name }: { name: string }) => name,
    )
  expect(await list()).toEqual(['default', 'work'])
  const out = await tazpod(scratch, ['logout', 'work'], { passphrase: PASSPHRASE })
  expect(out.stdout).toContain('work is no longer in the vault')
  expect(await list()).toEqual(['default'])
  const again = await tazpod(scratch, ['logout', 'work'], { passphrase: PASSPHRASE })
  expect(again.status).toBe(75)
  expect(again.stderr).toContain('no identity work')
})

test('at a terminal it asks for server, id and secret; the secret does not show; Ctrl-C keeps nothing', async () => {
  await using scratch = new Scratch()
  const here = await lab()
  await using server = here.server
  await makeVault(scratch)
  {
    await using terminal = tazpodAtTerminal(scratch, ['login'])
    await terminal.waitForText('Passphrase of the vault:')
    terminal.line(PASSPHRASE)
    await terminal.waitForText('Server [https://eu.infisical.com]:')
    terminal.type(KEY.ctrlC)
    expect(await terminal.exit()).toMatchObject({ signal: 2 })
    expect(server.requests).toHaveLength(0)
  }
  await using terminal = tazpodAtTerminal(scratch, ['login'])
  await terminal.waitForText('Passphrase of the vault:')
  terminal.line(PASSPHRASE)
  await terminal.waitForText('Server [')
  terminal.line(`${server.origin}/api/`)
  await terminal.waitForText('Client ID:')
  terminal.line(here.identity.clientId)
  await terminal.waitForText('Client secret:')
  terminal.line(here.identity.clientSecret)
  await terminal.waitForText('logged in:')
  expect((await terminal.exit()).exitCode).toBe(0)
  expect(terminal.raw).not.toContain(here.identity.clientSecret)
})

test('an answer that is too long is said to be just that, and Ctrl-U takes it back', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch)
  const long = 'x'.repeat(1_100)
  await using terminal = tazpodAtTerminal(scratch, ['login'])
  await terminal.waitForText('Passphrase of the vault:')
  terminal.line(PASSPHRASE)
  await terminal.waitForText('Server [')
  terminal.type(`${long}\x15`)
  terminal.line('https://infisical.example')
  await terminal.waitForText('Client ID:')
  terminal.line(long)
  await terminal.waitForText('the answer is longer than 1024 bytes')
  expect((await terminal.exit()).exitCode).toBe(64)
})
