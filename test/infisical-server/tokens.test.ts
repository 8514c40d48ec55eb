import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { InfisicalServer, type Mode } from '../support/infisical-server/index.ts'
import { ask, type Login, renew, revoke, tokenOf } from './client.ts'

const MODES: Mode[] = ['2024', 'current', 'go']
/** Seconds count here, and a busy machine must not add any: only `advance` does. */
const start = (mode: Mode) => InfisicalServer.start({ mode, still: true })
const TODAY: Mode[] = ['current', 'go']
const GENERIC =
  '{"statusCode":403,"message":"You are not allowed to access this resource","error":"UnauthorizedError"}'

const use = (server: InfisicalServer, token: string) => ask(server, '/api/status', { token })
const endOf = (jwt: string): number =>
  JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8')).exp

test('2024: renew gives the same JWT and moves its end on the server', async () => {
  await using server = await start('2024')
  const token = await tokenOf(server, server.addIdentity({ ttl: 5, maxTtl: 12 }))
  server.advance(4)
  const answer = await renew(server, token)
  expect(answer.text).toBe(
    `{"accessToken":"${token}","expiresIn":5,"accessTokenMaxTTL":12,"tokenType":"Bearer"}`,
  )
  server.advance(4)
  expect((await use(server, token)).status).toBe(200)
  server.advance(2)
  expect((await use(server, token)).text).toBe(
    '{"statusCode":403,"message":"Failed to renew MI access token due to TTL expiration","error":"UnauthorizedError"}',
  )
  expect((await use(server, token)).text).toBe(GENERIC)
})

test('2024: renewing past the maximum kills a token that was still good', async () => {
  await using server = await start('2024')
  const token = await tokenOf(server, server.addIdentity({ ttl: 5, maxTtl: 12 }))
  for (let second = 0; second < 8; second += 4) {
    server.advance(4)
    const expected = second === 0 ? 200 : 403
    expect((await renew(server, token)).status).toBe(expected)
  }
  expect((await use(server, token)).text).toBe(GENERIC)
})

test('2024: with the default times a renewal is always refused, and always kills', async () => {
  await using server = await start('2024')
  const token = await tokenOf(server, server.addIdentity())
  server.advance(1)
  expect((await renew(server, token)).text).toBe(
    '{"statusCode":403,"message":"Failed to renew MI access token past its Max TTL expiration","error":"UnauthorizedError"}',
  )
  expect(server.tokenState(token)).toMatchObject({ revoked: true })
  expect(server.liveTokens).toBe(0)
})

test('2024: after its end a token cannot be renewed: the row says 403, the JWT 500', async () => {
  await using server = await start('2024')
  const identity = server.addIdentity({ ttl: 5, maxTtl: 12 })
  const first = await tokenOf(server, identity)
  server.advance(6)
  expect((await renew(server, first)).status).toBe(403)
  const second = await tokenOf(server, identity)
  server.advance(13)
  expect((await renew(server, second)).text).toBe(
    '{"statusCode":500,"error":"Internal Server Error","message":"jwt expired"}',
  )
})

test.each(TODAY)('%s: renew gives a new JWT, and the old one lives on until its own end', async (mode) => {
  await using server = await start(mode)
  const token = await tokenOf(server, server.addIdentity({ ttl: 10, maxTtl: 14 }))
  server.advance(6)
  const renewed = (await renew(server, token)).body as Login
  expect(renewed.accessToken).not.toBe(token)
  expect(renewed).toMatchObject({ expiresIn: 8, accessTokenMaxTTL: 14 }) // what is left of the maximum
  expect((await use(server, token)).status).toBe(200)
  server.advance(5)
  expect((await use(server, token)).body).toMatchObject({
    statusCode: 403,
    error: 'TokenError',
    message: 'Your token has expired. Please re-authenticate.',
  })
  expect((await use(server, renewed.accessToken)).status).toBe(200)
  expect(endOf(renewed.accessToken) - endOf(token)).toBe(4)
})

test.each(TODAY)('%s: nothing is left of the maximum', async (mode) => {
  await using server = await start(mode)
  const period = await tokenOf(server, server.addIdentity({ period: 60 }))
  server.advance(50)
  expect((await renew(server, period)).body).toMatchObject({
    expiresIn: 60,
    accessTokenMaxTTL: 1_000_000_000,
  })
  const short = await tokenOf(server, server.addIdentity({ ttl: 0, maxTtl: 0 }))
  expect((await renew(server, short)).status).toBe(200)
  // A JWT never outlives its maximum, so only a renewal in its last instant can meet this one.
  server.fault({ kind: 'problem', problem: 'pastMaxTtl' })
  expect((await renew(server, short)).body).toMatchObject({
    statusCode: 401,
    message: 'Cannot renew: identity access token has reached its max TTL',
  })
})

test.each(MODES)('%s: revoke refuses the token at once', async (mode) => {
  await using server = await start(mode)
  const token = await tokenOf(server, server.addIdentity())
  expect(server.liveTokens).toBe(1)
  expect((await revoke(server, token)).text).toBe('{"message":"Successfully revoked access token"}')
  expect(server.tokenState(token)).toEqual({ revoked: true, expired: false, uses: 0 })
  expect([server.liveTokens, server.issuedTokens]).toEqual([0, 1])
  const after = await use(server, token)
  if (mode === '2024') expect([after.status, after.text]).toEqual([403, GENERIC])
  else
    expect(after.body).toMatchObject({
      statusCode: 401,
      message: 'Failed to authorize: token has been revoked',
    })
})

test('revoking twice: 403 in 2024, accepted today', async () => {
  for (const mode of MODES) {
    await using server = await start(mode)
    const token = await tokenOf(server, server.addIdentity())
    await revoke(server, token)
    expect((await revoke(server, token)).status).toBe(mode === '2024' ? 403 : 200)
    const again = await renew(server, token)
    if (mode === '2024') expect(again.text).toBe(GENERIC)
    else
      expect(again.body).toMatchObject({ statusCode: 401, message: 'Cannot renew: token has been revoked' })
  }
})

test.each(MODES)('%s: all tokens of an identity can be revoked, later ones work', async (mode) => {
  await using server = await start(mode)
  const identity = server.addIdentity()
  const [first, second] = [await tokenOf(server, identity), await tokenOf(server, identity)]
  identity.revokeTokens()
  for (const token of [first, second]) {
    const answer = await use(server, token)
    if (mode === '2024') expect(answer.text).toBe(GENERIC)
    else
      expect(answer.body).toMatchObject({ message: 'Failed to authorize: identity tokens have been revoked' })
  }
  expect((await use(server, await tokenOf(server, identity))).status).toBe(200)
})

test('revoking a client secret: its tokens go on in 2024, and end today', async () => {
  for (const mode of MODES) {
    await using server = await start(mode)
    const identity = server.addIdentity()
    const token = await tokenOf(server, identity)
    identity.revokeSecret()
    expect((await use(server, token)).status).toBe(mode === '2024' ? 200 : 401)
  }
})

test('2024: every request that shows a token counts, then 400, then the general refusal', async () => {
  await using server = await start('2024')
  const identity = server.addIdentity({ uses: 2 })
  const token = await tokenOf(server, identity)
  await use(server, token)
  const { clientId, clientSecret } = identity
  const path = '/api/v1/auth/universal-auth/login'
  expect((await ask(server, path, { token, json: { clientId, clientSecret } })).status).toBe(200)
  expect(server.tokenState(token).uses).toBe(2)
  expect([(await use(server, token)).text, (await use(server, token)).text]).toEqual([
    '{"statusCode":400,"message":"Unable to renew because access token number of uses limit reached","error":"BadRequest"}',
    GENERIC,
  ])
})

test.each(TODAY)('%s: a used up token is refused every time, and cannot be renewed', async (mode) => {
  await using server = await start(mode)
  const token = await tokenOf(server, server.addIdentity({ uses: 1 }))
  const renewed = ((await renew(server, token)).body as Login).accessToken
  expect((await use(server, token)).status).toBe(200)
  for (const one of [token, renewed, token]) {
    const message = 'Failed to authorize: token usage limit reached'
    expect((await use(server, one)).body).toMatchObject({
      statusCode: 401,
      error: 'UnauthorizedError',
      message,
    })
  }
  expect((await renew(server, token)).body).toMatchObject({
    statusCode: 401,
    message: 'Cannot renew exhausted access token',
  })
})

test.each(MODES)(
  '%s: renew and revoke without a token in the header cost no use, with one they do',
  async (mode) => {
    await using server = await start(mode)
    const token = await tokenOf(server, server.addIdentity({ ttl: 10, maxTtl: 100, uses: 9 }))
    await renew(server, token)
    expect(server.tokenState(token).uses).toBe(0)
    await ask(server, '/api/v1/auth/token/renew', { token, json: { accessToken: token } })
    expect(server.tokenState(token).uses).toBe(1)
    await revoke(server, token)
    expect(server.tokenState(token)).toEqual({ revoked: true, expired: false, uses: 1 })
  },
)

const sign = (head: object, claims: object, key = 'another region'): string => {
  const encode = (one: object): string => Buffer.from(JSON.stringify(one)).toString('base64url')
  const signed = `${encode(head)}.${encode(claims)}`
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`
}

const FOREIGN = sign({ alg: 'HS256', typ: 'JWT' }, { identityId: 'x' })
const UNSIGNED = `${FOREIGN.split('.')[1] && Buffer.from('{"alg":"none"}').toString('base64url')}.${FOREIGN.split('.')[1]}.`

const MALFORMED =
  'The provided access token is malformed. Please use a valid token or generate a new one and try again.'

test.each([
  ['garbage', 'Bearer garbage', 'jwt malformed', MALFORMED],
  ['a token without "Bearer "', FOREIGN, 'invalid token', 'invalid token'],
  ['a token of another region', `Bearer ${FOREIGN}`, 'invalid signature', 'invalid signature'],
  [
    'a token with the algorithm none',
    `Bearer ${UNSIGNED}`,
    'jwt signature is required',
    'jwt signature is required',
  ],
  ['the word undefined', 'Bearer undefined', 'jwt malformed', MALFORMED],
])('%s is refused on every route', async (_what, authorization, old, now) => {
  for (const mode of MODES) {
    await using server = await start(mode)
    for (const path of ['/api/status', '/api/v1/auth/universal-auth/login', '/api/v9/unknown']) {
      const answer = await ask(server, path, { headers: { authorization } })
      if (mode === '2024') {
        expect(answer.text).toBe(`{"statusCode":500,"error":"Internal Server Error","message":"${old}"}`)
        expect(answer.status).toBe(500)
      } else expect(answer.body).toMatchObject({ statusCode: 403, error: 'TokenError', message: now })
    }
  }
})

test('the token of one server is nothing to another', async () => {
  await using eu = await start('current')
  await using us = await start('current')
  const token = await tokenOf(eu, eu.addIdentity())
  expect((await use(us, token)).body).toMatchObject({ error: 'TokenError', message: 'invalid signature' })
})

test('a service token that nobody knows', async () => {
  for (const mode of MODES) {
    await using server = await start(mode)
    const answer = await use(server, 'st.00000000-0000-4000-8000-000000000000.aa.bb')
    if (mode === '2024') expect([answer.status, answer.text]).toEqual([403, GENERIC])
    else expect(answer.body).toMatchObject({ statusCode: 401, error: 'UnauthorizedError' })
  }
})

test('renewing and revoking garbage', async () => {
  for (const mode of MODES) {
    await using server = await start(mode)
    for (const answer of [await renew(server, 'garbage'), await revoke(server, 'garbage')]) {
      const expected =
        mode === '2024'
          ? { statusCode: 500, error: 'Internal Server Error', message: 'jwt malformed' }
          : { statusCode: 403, error: 'TokenError', message: MALFORMED }
      expect(answer.body).toMatchObject(expected)
    }
  }
})
