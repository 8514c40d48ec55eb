import { expect, test } from 'vitest'
import { InfisicalServer, type Mode } from '../support/infisical-server/index.ts'
import { ask, login, tokenOf } from './client.ts'

const MODES: Mode[] = ['2024', 'current', 'go']

/** Its clock stands still: the seconds of a window count here, and a busy machine must not add any. */
async function lab(mode: Mode) {
  const server = await InfisicalServer.start({ mode, still: true })
  const identity = server.addIdentity({ lockout: { enabled: false } })
  const project = server.addProject({ slug: 'lab' }).grant(identity).set('dev', '/', 'TOKEN', 'value')
  const token = await tokenOf(server, identity)
  const route = mode === '2024' ? '/api/v3/secrets/raw?workspaceId=' : '/api/v4/secrets?projectId='
  return { server, identity, project, token, list: `${route}${project.id}&environment=dev` }
}

test('a list that has not changed is answered with 304 and no body', async () => {
  for (const mode of MODES) {
    const { server, project, token, list } = await lab(mode)
    await using _ = server
    const etag = String((await ask(server, list, { token })).headers.etag)
    expect(etag).toMatch(/^"[A-Za-z0-9+/]{27}="$/)
    const headers = { 'if-none-match': etag }
    const same = await ask(server, list, { token, headers })
    expect([same.status, same.text, same.headers.etag]).toEqual([304, '', etag])
    expect(server.requests.at(-1)?.status).toBe(304)
    expect((await ask(server, list, { token, headers: { 'if-none-match': `W/${etag}` } })).status).toBe(200)
    project.set('dev', '/', 'TOKEN', 'other')
    const changed = await ask(server, list, { token, headers })
    expect(changed.status).toBe(200)
    expect(changed.headers.etag).not.toBe(etag)
  }
})

test('every JSON answer has an ETag; the rewrite has them for lists only', async () => {
  for (const mode of MODES) {
    const { server, identity } = await lab(mode)
    await using _ = server
    const answers = [
      await ask(server, '/api/status'),
      await login(server, identity),
      await ask(server, '/api/no'),
    ]
    for (const { headers } of answers) expect(headers.etag !== undefined).toBe(mode !== 'go')
  }
})

test('2024: 60 lists in a minute, and what is said about it', async () => {
  const { server, token, list, project } = await lab('2024')
  await using _ = server
  expect((await ask(server, list, { token })).headers).not.toHaveProperty('x-ratelimit-limit')
  server.rateLimit(true)
  const first = await ask(server, list, { token })
  expect(first.headers).toMatchObject({
    'x-ratelimit-limit': '60',
    'x-ratelimit-remaining': '59',
    'x-ratelimit-reset': '60',
  })
  expect(first.headers).not.toHaveProperty('retry-after')
  for (let i = 1; i < 60; i++) await ask(server, list, { token })
  server.advance(20)
  const refused = await ask(server, list, { token })
  expect([refused.status, refused.text]).toEqual([
    429,
    '{"statusCode":429,"error":"Too Many Requests","message":"Rate limit exceeded, retry in 1 minute"}',
  ])
  expect(refused.headers['x-ratelimit-remaining']).toBe('0')
  expect(refused.headers['retry-after']).toBe('40')
  // Each route counts for itself, and so does each address; the status is not counted at all.
  const single = `/api/v3/secrets/raw/TOKEN?workspaceId=${project.id}&environment=dev`
  expect((await ask(server, single, { token })).status).toBe(200)
  const elsewhere = { 'x-forwarded-for': '192.0.2.1' }
  expect((await ask(server, list, { token, headers: elsewhere })).status).toBe(200)
  expect((await ask(server, '/api/status')).headers).not.toHaveProperty('x-ratelimit-limit')
  server.advance(41)
  expect((await ask(server, list, { token })).status).toBe(200)
})

test.each<Mode>(['current', 'go'])('%s: the wait is said in seconds', async (mode) => {
  const { server, token, list } = await lab(mode)
  await using _ = server
  server.rateLimit({ list: 1 })
  await ask(server, list, { token })
  const refused = await ask(server, list, { token })
  expect(refused.body).toMatchObject({
    statusCode: 429,
    error: 'RateLimitExceeded',
    message: `Rate limit exceeded. Please try again in ${refused.headers['retry-after']} seconds`,
  })
  server.rateLimit(false)
  expect((await ask(server, list, { token })).status).toBe(200)
})

test('today 120 lists and 90 logins in a minute', async () => {
  const { server, token, list, identity } = await lab('current')
  await using _ = server
  server.rateLimit(true)
  expect((await ask(server, list, { token })).headers['x-ratelimit-limit']).toBe('120')
  expect((await login(server, identity)).headers['x-ratelimit-limit']).toBe('90')
})

test('the order of checks: token, its need, rate limit, form, meaning', async () => {
  for (const mode of MODES) {
    const { server, token, list } = await lab(mode)
    await using _ = server
    server.rateLimit({ list: 1 })
    const bad = `${list}&recursive=yes`
    const garbage = { headers: { authorization: 'Bearer garbage' } }
    const old = mode === '2024'
    const invalid = { 2024: 403, current: 422, go: 400 }[mode]
    expect((await ask(server, bad, { token })).status).toBe(invalid)
    expect((await ask(server, bad, { token })).status).toBe(429)
    expect((await ask(server, bad)).status).toBe(old ? 403 : 401)
    expect((await ask(server, bad, garbage)).status).toBe(old ? 500 : 403)
  }
})

test('a garbage token at the login is refused before the credentials are looked at', async () => {
  for (const mode of MODES) {
    const { server, identity } = await lab(mode)
    await using _ = server
    const { clientId, clientSecret } = identity
    const uses = identity.secretUses
    const answer = await ask(server, '/api/v1/auth/universal-auth/login', {
      token: 'garbage',
      json: { clientId, clientSecret },
    })
    expect(answer.status).toBe(mode === '2024' ? 500 : 403)
    expect(identity.secretUses).toBe(uses)
  }
})

test('what arrives is recorded: method, path, query, headers, body, answer, time', async () => {
  const { server, token, list, project } = await lab('current')
  await using _ = server
  const before = server.now()
  server.advance(1000)
  await ask(server, `${list}&secretPath=%2Fa%20b`, { token, headers: { 'user-agent': 'tazpod/1' } })
  const seen = server.requests.at(-1)
  expect(seen).toMatchObject({
    method: 'GET',
    path: '/api/v4/secrets',
    query: { projectId: project.id, environment: 'dev', secretPath: '/a b' },
    body: '',
    status: 404,
  })
  expect(seen?.headers).toMatchObject({ authorization: `Bearer ${token}`, 'user-agent': 'tazpod/1' })
  expect(seen?.at).toBe(before + 1_000_000)
  expect(JSON.parse(server.requests[0]?.body ?? '')).toHaveProperty('clientSecret')
})

test('two servers know nothing of each other, and a port can be chosen', async () => {
  const first = await InfisicalServer.start()
  const port = Number(new URL(first.origin).port)
  await expect(InfisicalServer.start({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  await first[Symbol.asyncDispose]()
  await using second = await InfisicalServer.start({ port })
  expect(second.requests).toEqual([])
  expect(new URL(second.origin).port).toBe(String(port))
})
