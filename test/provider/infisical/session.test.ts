/** A session that outlives its tokens: renewed or replaced by itself, ended at the server by every kind of lock. */
import { describe, expect, test, vi } from 'vitest'
import { reasonsOf } from '../../support/holder.ts'
import { inside, type Lab, lab, MODES, member, pull } from '../../support/infisical.ts'
import { makeProject, must, PASSPHRASE } from '../../support/project.ts'
import { Scratch } from '../../support/scratch.ts'
import { shellAtTerminal } from '../../support/shell/session.ts'
import { startTazpod, tazpod } from '../../support/tazpod.ts'
import { until } from '../../support/until.ts'

vi.setConfig({ testTimeout: 180_000 })

const yaml = (session = '') => `version: 1
provider: infisical
infisical: { project: lab, environment: prod, paths: [/, /terraform] }
${session}
secrets:
  - { name: TOKEN, env: TOKEN_FILE }
  - { name: SESSION, identity: token, env: SESSION_FILE }
binds:
  - { path: a.tfvars, format: tfvars, values: { b: PROXMOX, t: { identity: token } } }
`
const SECRETS = { secrets: { TOKEN: 'one' }, terraform: { PROXMOX: 'p' } }
const status = async (scratch: Scratch) => JSON.parse(await must(scratch, ['status', '--json']))
const paths = ({ server }: Lab, from = 0) => server.requests.slice(from).map(({ path }) => path)
const count = (all: string[], end: string) => all.filter((path) => path.endsWith(end)).length
/** Logins from there on that came while the token before, which lives `ttl` s, was still good; less a second for rounding. */
const needlessLogins = ({ server }: Lab, from: number, ttl: number) =>
  server.requests.filter(({ path, at }, i) => {
    const before = server.requests.slice(0, i).findLast((one) => /\/(login|renew)$/.test(one.path))
    return i >= from && path.endsWith('/login') && at - (before?.at ?? 0) < (ttl - 1) * 1_000
  })

describe.each(MODES)('%s', (mode) => {
  test('renewed before its end, without asking; what has not changed is not sent again', async () => {
    await using scratch = new Scratch()
    const here = await lab({ mode, ...SECRETS, ttl: 10, maxTtl: 3600 })
    await using server = here.server
    await member(scratch, here, yaml())
    expect((await pull(scratch)).status).toBe(0)
    const before = await inside(scratch, 'cat "$TOKEN_FILE" a.tfvars')
    expect((await status(scratch)).refresh.state).toBe('waiting')
    const from = server.requests.length
    expect(await until(() => paths(here, from).some((path) => path.endsWith('/renew')), 30_000)).toBe(true)
    expect(
      await until(() => server.requests.slice(from).filter(({ status: s }) => s === 304).length >= 2, 30_000),
    ).toBe(true)
    expect(needlessLogins(here, from, 10)).toEqual([])
    const renewal = server.requests.slice(from).find(({ path }) => path.endsWith('/renew'))
    expect(renewal?.headers.authorization).toBeUndefined()
    // The set is the same but for the token, byte for byte, the rendered bind too.
    await until(async () => (await status(scratch)).refresh.state === 'waiting', 5_000)
    const after = await inside(scratch, 'cat "$TOKEN_FILE" a.tfvars')
    expect(after.replace(/t\s*=.*/, '')).toBe(before.replace(/t\s*=.*/, ''))
  })

  test('replaced by a new login where it may not be renewed; a running command keeps its own token', async () => {
    await using scratch = new Scratch()
    const here = await lab({ mode, ...SECRETS, ttl: 10, maxTtl: 10 })
    await using server = here.server
    await member(scratch, here, yaml())
    expect((await pull(scratch)).status).toBe(0)
    const from = server.requests.length
    here.project.set('prod', '/', 'TOKEN', 'two')
    const running = startTazpod(scratch, ['exec', '--', 'sh', '-c', 'cat "$SESSION_FILE"; echo; read wait'], {
      keepStdinOpen: true,
    })
    let token = ''
    running.stdout?.on('data', (chunk) => {
      token += chunk
    })
    expect(await until(() => token.includes('\n'))).toBe(true)
    expect(await until(() => count(paths(here, from), '/login') > 0, 30_000)).toBe(true)
    expect(await until(async () => (await inside(scratch, 'cat "$TOKEN_FILE"')) === 'two', 20_000)).toBe(true)
    expect(count(paths(here, from), '/renew')).toBe(0)
    expect(server.tokenState(token.trim())?.revoked).toBe(false)
    running.stdin?.end()
    await must(scratch, ['lock'])
    expect(
      await until(
        () =>
          server.tokenState(token.trim())?.revoked === true ||
          server.tokenState(token.trim())?.expired === true,
        30_000,
      ),
    ).toBe(true)
  })

  test('lock wipes at once, and the token is ended at the server', async () => {
    await using scratch = new Scratch()
    const here = await lab({ mode, ...SECRETS })
    await using server = here.server
    await member(scratch, here, yaml())
    expect((await pull(scratch)).status).toBe(0)
    const token = (await inside(scratch, 'cat "$SESSION_FILE"')).trim()
    expect(server.tokenState(token)?.revoked).toBe(false)
    expect(await must(scratch, ['lock'])).toContain('locked')
    expect(await until(() => server.tokenState(token)?.revoked === true, 20_000)).toBe(true)
    const last = server.requests.at(-1)
    expect(last).toMatchObject({ method: 'POST', path: '/api/v1/auth/token/revoke' })
    expect(last?.headers.authorization).toBeUndefined()
    const told = async () => (await must(scratch, ['log'])).includes('1 session ended at the server')
    expect(await until(told)).toBe(true)
  })
})

test.each([
  ['the idle time', 'session: { idle: 2s, max: 1h }'],
  ['the maximum', 'session: { idle: never, max: 2s }'],
])('%s ends the session at the server too', async (_, session) => {
  await using scratch = new Scratch()
  const here = await lab(SECRETS)
  await using server = here.server
  await member(scratch, here, yaml())
  await pull(scratch) // its monitor is there before the session can end
  await makeProject(scratch, yaml(session))
  const done = await pull(scratch)
  expect(done.stderr).toBe('')
  expect(await until(() => paths(here).at(-1)?.endsWith('/revoke') === true, 20_000)).toBe(true)
  expect((await status(scratch)).state).toBe('locked')
  void server
})

test('a stuck server does not hold up the lock', async () => {
  await using scratch = new Scratch()
  const here = await lab(SECRETS)
  await using server = here.server
  await member(scratch, here, yaml())
  await pull(scratch)
  server.fault({ kind: 'slow-headers', match: /revoke/, delayMs: Number.POSITIVE_INFINITY, times: 9 })
  expect(await tazpod(scratch, ['lock'])).toMatchObject({ status: 0, stderr: '' })
  // the end of the session is still under way: it says in the log how that went
  expect(reasonsOf(scratch, 'revoke')).toEqual([])
  expect(await until(() => count(paths(here), '/revoke') === 2)).toBe(true) // the first was that of the login
})

test('a refresh that fails leaves the old set, says so, and is tried again', async () => {
  await using scratch = new Scratch()
  const here = await lab({ ...SECRETS, ttl: 8, maxTtl: 3600 })
  await using server = here.server
  await member(scratch, here, yaml())
  await pull(scratch)
  server.fault({ kind: 'status', status: 503, match: /./, times: 99 })
  await using shell = shellAtTerminal(scratch)
  await shell.waitForScreen((screen) => screen.includes('infisical FAILED'), 30_000)
  shell.line('exit')
  await shell.exit()
  expect(await until(async () => (await status(scratch)).refresh?.state === 'failed', 30_000)).toBe(true)
  expect(await must(scratch, ['status'])).toMatch(/refresh\s+FAILED .*exit 69/)
  const done = await tazpod(scratch, ['exec', '--', 'cat', '/dev/null'])
  expect(done.status).toBe(0)
  expect(done.stderr).toMatch(/session token .*(ends in|has ended)/)
  expect(done.stderr).toContain('next: tazpod pull')
  expect(await must(scratch, ['exec', '--', 'sh', '-c', 'cat "$TOKEN_FILE"'])).toBe('one')
  server.clearFaults()
  expect((await pull(scratch)).status).toBe(0)
  expect((await status(scratch)).refresh.state).toBe('waiting')
})

test('an identity that was refused in the middle is not tried again and again', async () => {
  await using scratch = new Scratch()
  const here = await lab({ ...SECRETS, ttl: 6, maxTtl: 6 })
  await using server = here.server
  await member(scratch, here, yaml())
  await pull(scratch)
  here.identity.revokeSecret()
  here.identity.revokeTokens()
  const from = server.requests.length
  expect(await until(async () => (await status(scratch)).refresh?.state === 'failed', 30_000)).toBe(true)
  expect(count(paths(here, from), '/login')).toBe(1)
  expect(await inside(scratch, 'cat "$TOKEN_FILE"')).toBe('one')
  expect(await must(scratch, ['log'])).toContain('refresh')
})

test('a pull that fails ends the session that it opened', async () => {
  await using scratch = new Scratch()
  const here = await lab(SECRETS)
  await using server = here.server
  await member(scratch, here, yaml())
  here.project.revokeAccess(here.identity)
  expect((await pull(scratch)).status).toBe(77)
  expect(await until(() => server.liveTokens === 0)).toBe(true)
  here.project.grant(here.identity, { read: true, readValue: true })
  const other = yaml().replace('TOKEN_FILE }', 'TOKEN_FILE, as: value }') // 900 KiB do not fit into a variable
  scratch.file('project/tazpod.yaml', other, 0o644)
  await must(scratch, ['trust', '--yes'])
  here.project.set('prod', '/', 'TOKEN', 'x'.repeat(900_000))
  expect((await pull(scratch)).status).toBe(65)
  expect(await until(() => server.liveTokens === 0)).toBe(true)
})

test('a lock in the middle of a refresh leaves no session behind', async () => {
  await using scratch = new Scratch()
  const here = await lab({ ...SECRETS, ttl: 6, maxTtl: 6 })
  await using server = here.server
  await member(scratch, here, yaml())
  const from = server.requests.length
  const logins = () => count(paths(here, from), '/login')
  const held: string[] = []
  server.fault({
    kind: 'slow-headers',
    match: ({ url }) => /secretPath/.test(url) && logins() > 1 && held.push(url) > 0, // not those of the pull
    delayMs: 60_000,
    times: 9,
  })
  await pull(scratch)
  expect(await until(() => held.length > 0, 30_000)).toBe(true)
  expect(logins()).toBe(2) // the refresh has logged in and waits for a list
  await must(scratch, ['lock'])
  // The one that was held, and the one that the refresh had just got.
  expect(await until(() => count(paths(here, from), '/revoke') === 2, 20_000)).toBe(true)
  server.clearFaults()
})

test('logout ends what is unlocked with that identity', async () => {
  await using scratch = new Scratch()
  const here = await lab(SECRETS)
  await using server = here.server
  await member(scratch, here, yaml())
  await pull(scratch)
  const token = (await inside(scratch, 'cat "$SESSION_FILE"')).trim()
  const out = await tazpod(scratch, ['logout'], { passphrase: PASSPHRASE })
  expect(out).toMatchObject({ status: 0 })
  expect(out.stdout).toContain('this project is locked')
  expect(server.tokenState(token)?.revoked).toBe(true)
  expect((await status(scratch)).state).toBe('locked')
})
