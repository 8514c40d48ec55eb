/** A server that is not there, lies, stalls or breaks off: words, exit code, and the old set stays. */
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  type Fault,
  InfisicalServer,
  inside,
  type Lab,
  lab,
  login,
  member,
  pull,
} from '../../support/infisical.ts'
import { makeVault, must, PASSPHRASE } from '../../support/project.ts'
import { Scratch } from '../../support/scratch.ts'
import { startTazpod, tazpod } from '../../support/tazpod.ts'
import { until } from '../../support/until.ts'

vi.setConfig({ testTimeout: 120_000 })

const YAML = `version: 1
provider: infisical
infisical: { project: lab, environment: prod, paths: [/, /terraform] }
secrets: [{ name: TOKEN, file: token, env: TOKEN_FILE }, { name: PROXMOX }]
`

describe('while an older set is unlocked', () => {
  let scratch: Scratch
  let here: Lab

  beforeAll(async () => {
    scratch = new Scratch()
    here = await lab({ secrets: { TOKEN: 'old' }, terraform: { PROXMOX: 'p' } })
    await member(scratch, here, YAML)
    expect((await pull(scratch)).status).toBe(0)
    here.project.set('prod', '/', 'TOKEN', 'new')
  })
  afterAll(async () => {
    await here.server[Symbol.asyncDispose]()
    await scratch[Symbol.asyncDispose]()
  })

  const list = /\/secrets/
  test.each([
    ['an HTML page with 200', { kind: 'html-200', match: list }, 69, 'is no Infisical, or a proxy answers'],
    ['an HTML page with 502', { kind: 'html-502', match: list, times: 9 }, 69, 'failed (status 502'],
    ['half a body', { kind: 'truncate', match: list, times: 9 }, 69, 'the connection broke'],
    ['a reset', { kind: 'reset', match: list, times: 9 }, 69, 'the connection broke'],
    [
      'a redirect to another origin',
      { kind: 'redirect', to: 'https://evil.example/x', match: list },
      69,
      'sends requests on to https://evil.example',
    ],
    ['no JSON', { kind: 'garbage-json', match: list }, 69, 'no JSON'],
    ['an empty body', { kind: 'empty', match: list }, 69, 'unknown form'],
    ['a long patience', { kind: '429', retryAfter: 600, match: list }, 69, 'asks for patience'],
    [
      'its database gone',
      {
        kind: 'status',
        status: 500,
        body: { statusCode: 500, error: 'InternalServerError', message: 'Something went wrong' },
        match: list,
      },
      69,
      'failed (status 500',
    ],
  ] as const)('%s: said, and the old set stays', async (_, fault, status, words) => {
    here.server.clearFaults()
    here.server.fault(fault as Fault)
    const done = await pull(scratch)
    here.server.clearFaults()
    expect(done).toMatchObject({ status, stdout: '' })
    expect(done.stderr).toContain(words)
    expect(done.stderr).toContain(here.server.origin)
    expect(done.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2)
    expect(await inside(scratch, 'cat "$TOKEN_FILE"')).toBe('old')
  })

  test('it dies between the two folders', async () => {
    here.server.fault({
      kind: 'reset',
      match: ({ query }) => query.secretPath === '/terraform',
      times: 9,
    })
    expect((await pull(scratch)).status).toBe(69)
    here.server.clearFaults()
    expect(await inside(scratch, 'cat "$TOKEN_FILE"')).toBe('old')
  })

  test('one fault and a short wait are waited out', async () => {
    here.server.fault({ kind: 'reset', match: list, times: 1 })
    here.server.fault({ kind: '429', retryAfter: 1, match: list, times: 1 })
    expect((await pull(scratch)).status).toBe(0)
    here.server.clearFaults()
    expect(await inside(scratch, 'cat "$TOKEN_FILE"')).toBe('new')
    here.project.set('prod', '/', 'TOKEN', 'newer')
  })

  test.each([
    ['the login', /\/login/],
    ['the project', /\/projects\//],
    ['the folders', /\/secrets/],
  ])('Ctrl-C while it waits for %s leaves the old set', async (_, match) => {
    here.identity.revokeTokens() // so that it begins with a login
    here.server.fault({ kind: 'slow-headers', delayMs: 60_000, match, times: 9 })
    const seen = here.server.requests.length
    const arrived = () => here.server.requests.slice(seen).some(({ path }) => match.test(path))
    // Another source: nothing of the last pull is used.
    scratch.file('project/tazpod.yaml', YAML.replace('[/, /terraform]', '[/terraform, /]'), 0o644)
    await must(scratch, ['trust', '--yes'])
    const child = startTazpod(scratch, ['pull'], { passphrase: PASSPHRASE })
    expect(await until(arrived, 20_000)).toBe(true)
    const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? code)))
    child.kill('SIGINT')
    expect(['SIGINT', 130]).toContain(await ended)
    here.server.clearFaults()
    scratch.file('project/tazpod.yaml', YAML, 0o644)
    expect(await must(scratch, ['status', '--json'])).toContain('"unlocked"')
  })

  test('the right to read is lost in the middle of a session', async () => {
    expect((await pull(scratch)).status).toBe(0)
    here.project.revokeAccess(here.identity)
    const done = await pull(scratch)
    expect(done.status).toBe(77)
    expect(await inside(scratch, 'cat "$TOKEN_FILE"')).toBe('newer')
    here.project.grant(here.identity, { read: true, write: true, readValue: true })
  })

  test('its tokens are revoked: one new login, and it goes on', async () => {
    here.identity.revokeTokens()
    const seen = here.server.requests.length
    expect((await pull(scratch)).status).toBe(0)
    const logins = here.server.requests.slice(seen).filter(({ path }) => path.endsWith('/login'))
    expect(logins).toHaveLength(1)
  })
})

describe('at login', () => {
  test('a redirect does not carry the credentials on', async () => {
    await using scratch = new Scratch()
    const here = await lab()
    await using server = here.server
    await using thief = await InfisicalServer.start()
    await makeVault(scratch)
    server.fault({
      kind: 'redirect',
      to: `${thief.origin}/api/v1/auth/universal-auth/login`,
      match: /login/,
      times: 9,
    })
    const done = await login(scratch, here)
    expect(done.status).toBe(69)
    expect(done.stderr).toContain(`sends requests on to ${thief.origin}`)
    expect(thief.requests).toHaveLength(0)
    expect(server.requests).toHaveLength(1)
  })

  test('a page that says 200 is no login', async () => {
    await using scratch = new Scratch()
    const here = await lab()
    await using server = here.server
    await makeVault(scratch)
    server.fault({ kind: 'html-200', match: /login/, times: 1 })
    const done = await login(scratch, here)
    expect(done.status).toBe(69)
    expect(done.stderr).toContain('is no Infisical')
    expect(server.requests).toHaveLength(1)
  })

  test('nothing listens, and a name that does not exist', async () => {
    await using scratch = new Scratch()
    const here = await lab()
    await here.server[Symbol.asyncDispose]()
    await makeVault(scratch)
    const closed = await login(scratch, here)
    expect(closed.status).toBe(69)
    expect(closed.stderr).toContain("can't be reached: nothing answers at that address")
    const args = ['login', '--host', 'https://nowhere.invalid', '--client-id', 'x', '--client-secret-fd', '0']
    const nowhere = await tazpod(scratch, args, { stdin: 'secret', passphrase: PASSPHRASE })
    expect(nowhere.status).toBe(69)
    expect(nowhere.stderr).toMatch(/its name (is not known|can not be looked up)/)
  })

  test('a server that speaks something else', async () => {
    await using scratch = new Scratch()
    await makeVault(scratch)
    const other = createServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    for (const scheme of ['http', 'https']) {
      const args = [
        'login',
        '--host',
        `${scheme}://127.0.0.1:${port}`,
        '--client-id',
        'x',
        '--client-secret-fd',
        '0',
      ]
      const done = await tazpod(scratch, args, { stdin: 'secret', passphrase: PASSPHRASE })
      expect(done.status, done.stderr).toBe(69)
      expect(done.stderr).toMatch(/does not speak (TLS|HTTP) there|the connection (broke|failed)/)
    }
    other.close()
  })
})

describe('certificates', () => {
  const at = async (tls: 'private-ca' | 'expired' | 'wrong-host' | 'unknown-ca') => {
    const server = await InfisicalServer.start({ tls })
    const identity = server.addIdentity()
    return { server, identity, project: server.addProject({ slug: 'lab' }) } as Lab
  }

  test('a private authority is refused until --ca names it; then it is the only one', async () => {
    await using scratch = new Scratch()
    const here = await at('private-ca')
    await using server = here.server
    await makeVault(scratch)
    const refused = await login(scratch, here)
    expect(refused.status).toBe(69)
    expect(refused.stderr).toContain('its authority is not known')
    expect(refused.stderr).toContain('tazpod login --ca FILE')
    const ca = scratch.file('ca.pem', server.caPem)
    expect(await login(scratch, here, ['--ca', ca])).toMatchObject({ status: 0 })
    await using stranger = await InfisicalServer.start({ tls: 'private-ca' })
    const other = { ...here, server: stranger } as Lab
    expect((await login(scratch, other, ['--ca', ca])).status).toBe(69)
  })

  test.each([
    ['expired', /has expired; this machine's clock says \d{4}-/],
    ['wrong-host', /issued for another name/],
  ] as const)('%s', async (tls, words) => {
    await using scratch = new Scratch()
    const here = await at(tls)
    await using server = here.server
    await makeVault(scratch)
    const done = await login(scratch, here, ['--ca', scratch.file('ca.pem', server.caPem)])
    expect(done.status).toBe(69)
    expect(done.stderr).toMatch(words)
    expect(server.requests).toHaveLength(0)
  })
})

test('a machine whose clock is a day off works all the same', async () => {
  await using scratch = new Scratch()
  const here = await lab({ secrets: { TOKEN: 'x' }, terraform: { PROXMOX: 'p' } })
  await using server = here.server
  server.advance(86_400)
  await member(scratch, here, YAML)
  expect((await pull(scratch)).status).toBe(0)
  server.advance(-2 * 86_400)
  expect((await pull(scratch)).status).toBe(0)
  expect(await must(scratch, ['status', '--json'])).toContain('"unlocked"')
})

test('a signature of another region is no reason to log in again and again', async () => {
  await using scratch = new Scratch()
  const here = await lab({ secrets: { TOKEN: 'x' }, terraform: { PROXMOX: 'p' } })
  await using server = here.server
  await member(scratch, here, YAML)
  server.requests.length = 0
  const foreign = {
    reqId: 'req-aaaaaaaaaaaaaa',
    statusCode: 403,
    error: 'TokenError',
    message: 'invalid signature',
  }
  server.fault({ kind: 'status', status: 403, body: foreign, match: /secrets|projects/, times: 9 })
  const done = await pull(scratch)
  expect(done.status).toBe(77)
  expect(done.stderr).toContain('wrong region or host?')
  expect(done.stderr).toContain('[req-aaaaaaaaaaaaaa]')
  expect(server.requests.filter(({ path }) => path.endsWith('/login'))).toHaveLength(1)
})
