import { expect, test } from 'vitest'
import { InfisicalServer, type Mode } from '../support/infisical-server/index.ts'
import { ask, type Login, login } from './client.ts'

const MODES: Mode[] = ['2024', 'current', 'go']
/** Seconds count here, and a busy machine must not add any: only `advance` does. */
const start = (mode: Mode) => InfisicalServer.start({ mode, still: true })
const LOGIN = '/api/v1/auth/universal-auth/login'

const claimsOf = (jwt: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8'))

test.each(MODES)('%s: a login answers the recorded keys, 30 days for both times by default', async (mode) => {
  await using server = await start(mode)
  const answer = await login(server, server.addIdentity())
  expect(answer.status).toBe(200)
  const { accessToken, ...rest } = answer.body as Login
  expect(rest).toEqual({ expiresIn: 2592000, accessTokenMaxTTL: 2592000, tokenType: 'Bearer' })
  expect(accessToken.split('.')).toHaveLength(3)
  expect(Object.keys(answer.body as object)).toEqual([
    'accessToken',
    'expiresIn',
    'accessTokenMaxTTL',
    'tokenType',
  ])
})

test.each(MODES)('%s: credentials are trimmed, and a form is as good as JSON', async (mode) => {
  await using server = await start(mode)
  const { clientId, clientSecret } = server.addIdentity()
  const spaced = { clientId: ` ${clientId}\n`, clientSecret: `\t${clientSecret} ` }
  expect((await login(server, spaced)).status).toBe(200)
  const raw = new URLSearchParams({ clientId, clientSecret }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  expect((await ask(server, LOGIN, { raw, headers, method: 'POST' })).status).toBe(200)
})

test('2024: the JWT has six claims and ends with the maximum, not with the TTL', async () => {
  await using server = await start('2024')
  const identity = server.addIdentity({ ttl: 5, maxTtl: 12 })
  const body = (await login(server, identity)).body as Login
  expect(body).toMatchObject({ expiresIn: 5, accessTokenMaxTTL: 12 })
  const claims = claimsOf(body.accessToken)
  expect(Object.keys(claims)).toEqual([
    'identityId',
    'clientSecretId',
    'identityAccessTokenId',
    'authTokenType',
    'iat',
    'exp',
  ])
  expect(claims).toMatchObject({ identityId: identity.id, authTokenType: 'identityAccessToken' })
  expect(Number(claims.exp) - Number(claims.iat)).toBe(12)
})

test('2024: without a maximum the JWT has no end', async () => {
  await using server = await start('2024')
  const body = (await login(server, server.addIdentity({ maxTtl: 0 }))).body as Login
  expect(claimsOf(body.accessToken)).not.toHaveProperty('exp')
})

test.each<Mode>(['current', 'go'])(
  '%s: the JWT says everything and its end is the real one',
  async (mode) => {
    await using server = await start(mode)
    const identity = server.addIdentity({ name: 'lab', ttl: 3600, maxTtl: 7200, uses: 5 })
    const claims = claimsOf(((await login(server, identity)).body as Login).accessToken)
    expect(new Set(Object.keys(claims))).toEqual(
      new Set([
        ...['identityId', 'clientSecretId', 'identityAccessTokenId', 'authTokenType', 'iat', 'exp', 'jti'],
        ...['identityName', 'authMethod', 'orgId', 'rootOrgId', 'parentOrgId', 'ipRestrictionEnabled'],
        ...['accessTokenTTL', 'accessTokenMaxTTL', 'accessTokenPeriod', 'creationEpoch', 'identityAuth'],
        'numUsesLimit',
      ]),
    )
    expect(claims).toMatchObject({
      jti: claims.identityAccessTokenId,
      identityName: 'lab',
      authMethod: 'universal-auth',
      accessTokenTTL: 3600,
      accessTokenMaxTTL: 7200,
      accessTokenPeriod: 0,
      creationEpoch: claims.iat,
      numUsesLimit: 5,
    })
    expect(Number(claims.exp) - Number(claims.iat)).toBe(3600)
  },
)

test('current: the limit of uses is said only when there is one, and 90 days are the ceiling', async () => {
  await using server = await start('current')
  const year = 365 * 86_400
  const body = (await login(server, server.addIdentity({ ttl: year, maxTtl: 0 }))).body as Login
  const claims = claimsOf(body.accessToken)
  expect(claims).not.toHaveProperty('numUsesLimit')
  expect(Number(claims.exp) - Number(claims.iat)).toBe(7_776_000)
  expect(body.expiresIn).toBe(year) // larger than what the JWT allows
})

test('current: a periodic token reports a maximum of for ever', async () => {
  await using server = await start('current')
  const body = (await login(server, server.addIdentity({ period: 60 }))).body as Login
  expect(body).toMatchObject({ expiresIn: 60, accessTokenMaxTTL: 1_000_000_000 })
})

const OLD_REFUSAL = '{"statusCode":403,"message":"Invalid credentials","error":"UnauthorizedError"}'
const REFUSAL = { statusCode: 401, message: 'Invalid credentials', error: 'UnauthorizedError' }

test.each(MODES)('%s: unknown, not a uuid, empty, wrong and revoked: all answered alike', async (mode) => {
  await using server = await start(mode)
  const { clientId, clientSecret } = server.addIdentity({ lockout: { enabled: false } })
  const revoked = server.addIdentity()
  revoked.revokeSecret()
  for (const given of [
    { clientId: '00000000-0000-4000-8000-000000000000', clientSecret },
    { clientId: 'not-a-uuid', clientSecret },
    { clientId: '', clientSecret: '' },
    { clientId, clientSecret: 'wrong' },
    { clientId, clientSecret: '' },
    revoked,
  ]) {
    const answer = await login(server, given)
    if (mode === '2024') expect([answer.status, answer.text]).toEqual([403, OLD_REFUSAL])
    else expect(answer).toMatchObject({ status: 401, body: REFUSAL })
  }
})

test.each(MODES)('%s: a client secret that is over says so once', async (mode) => {
  await using server = await start(mode)
  const old = mode === '2024'
  const identity = server.addIdentity({ secretTtl: 60 })
  expect(identity.secretExpiresAt).toBeGreaterThan(server.now() + 59_000)
  server.advance(59)
  expect((await login(server, identity)).status).toBe(200)
  server.advance(2)
  const first = await login(server, identity)
  expect(first.body).toMatchObject(
    old
      ? {
          statusCode: 403,
          message: 'Failed to authenticate identity credentials due to expired client secret',
          error: 'UnauthorizedError',
        }
      : {
          statusCode: 401,
          message: 'Access denied due to expired client secret',
          error: 'UnauthorizedError',
        },
  )
  expect((await login(server, identity)).body).toMatchObject({ message: 'Invalid credentials' })
})

test.each(MODES)('%s: a client secret that is used up says so once', async (mode) => {
  await using server = await start(mode)
  const identity = server.addIdentity({ secretUses: 2 })
  expect((await login(server, identity)).status).toBe(200)
  expect((await login(server, identity)).status).toBe(200)
  const first = await login(server, identity)
  expect(first.status).toBe(mode === '2024' ? 403 : 401)
  expect(first.body).toMatchObject({
    message:
      mode === '2024'
        ? 'Failed to authenticate identity credentials due to client secret number of uses limit reached'
        : 'Access denied due to client secret usage limit reached',
  })
  expect((await login(server, identity)).body).toMatchObject({ message: 'Invalid credentials' })
  expect(identity.secretUses).toBe(2)
})

test.each<Mode>(['current', 'go'])(
  '%s: three wrong secrets lock the login, and only time opens it',
  async (mode) => {
    await using server = await start(mode)
    const identity = server.addIdentity()
    const wrong = { clientId: identity.clientId, clientSecret: 'wrong' }
    for (let i = 0; i < 3; i++) expect((await login(server, wrong)).body).toMatchObject(REFUSAL)
    const locked = {
      statusCode: 401,
      message: 'This identity auth method is temporarily locked, please try again later',
      error: 'UnauthorizedError',
    }
    expect((await login(server, identity)).body).toMatchObject(locked)
    server.advance(299)
    expect((await login(server, identity)).body).toMatchObject(locked)
    server.advance(2)
    expect((await login(server, identity)).status).toBe(200)
  },
)

test('current: a right login clears the count, and so do 30 seconds', async () => {
  await using server = await start('current')
  const identity = server.addIdentity()
  const wrong = { clientId: identity.clientId, clientSecret: 'wrong' }
  const twoWrong = async (): Promise<void> => {
    await login(server, wrong)
    await login(server, wrong)
  }
  await twoWrong()
  expect((await login(server, identity)).status).toBe(200)
  await twoWrong()
  server.advance(31)
  await twoWrong()
  expect((await login(server, identity)).status).toBe(200)
})

test('current: an unknown client id is not counted, and the lock is of one identity', async () => {
  await using server = await start('current')
  const locked = server.addIdentity({ lockout: { threshold: 1 } })
  const free = server.addIdentity()
  for (let i = 0; i < 5; i++) await login(server, { clientId: 'nobody', clientSecret: 'x' })
  await login(server, { clientId: locked.clientId, clientSecret: 'x' })
  expect((await login(server, locked)).status).toBe(401)
  expect((await login(server, free)).status).toBe(200)
})

test('2024: there is no lock', async () => {
  await using server = await start('2024')
  const identity = server.addIdentity()
  for (let i = 0; i < 10; i++) await login(server, { clientId: identity.clientId, clientSecret: 'wrong' })
  expect((await login(server, identity)).status).toBe(200)
})

test.each(MODES)(
  '%s: an address that is not allowed is refused, and a forwarded one is believed',
  async (mode) => {
    await using server = await start(mode)
    const identity = server.addIdentity({ allowedIps: ['10.1.0.0/16', '192.0.2.7'] })
    const refused = await login(server, identity)
    expect(refused.body).toMatchObject(
      mode === '2024'
        ? { statusCode: 403, message: 'Failed to authenticate', error: 'UnauthorizedError' }
        : {
            statusCode: 403,
            message: 'You are not allowed to access this resource from the current IP address',
            error: 'ForbiddenError',
          },
    )
    const { clientId, clientSecret } = identity
    const json = { clientId, clientSecret }
    const headers = { 'x-forwarded-for': '10.1.2.3, 127.0.0.1' }
    const allowed = await ask(server, LOGIN, { json, headers })
    expect(allowed.status).toBe(200)
    const token = (allowed.body as Login).accessToken
    expect((await ask(server, '/api/status', { token })).body).toEqual(
      mode === '2024' ? refused.body : { ...(refused.body as object), reqId: expect.any(String) },
    )
    expect((await ask(server, '/api/status', { token, headers: { 'x-real-ip': '192.0.2.7' } })).status).toBe(
      200,
    )
  },
)

test('a second secret works beside the first, and each is revoked on its own', async () => {
  await using server = await InfisicalServer.start()
  const identity = server.addIdentity({ lockout: { enabled: false } })
  const first = identity.clientSecret
  const second = identity.newSecret()
  expect(identity.clientSecret).toBe(second)
  identity.revokeSecret()
  const { clientId } = identity
  expect((await login(server, { clientId, clientSecret: second })).status).toBe(401)
  expect((await login(server, { clientId, clientSecret: first })).status).toBe(200)
})
