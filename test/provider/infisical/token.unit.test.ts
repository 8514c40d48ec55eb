import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isJwt, margin, mayRenew, tokenTimes } from '../../../src/core/provider/infisical/token.ts'

const jwt = (claims: object) =>
  ['eyJhbGciOiJIUzI1NiJ9', Buffer.from(JSON.stringify(claims)).toString('base64url'), 'c2ln'].join('.')
const answer = (claims: object, expiresIn: number, accessTokenMaxTTL: number) => {
  return { accessToken: jwt(claims), expiresIn, accessTokenMaxTTL }
}

test('what is a token', () => {
  expect(isJwt(jwt({ exp: 1 }))).toBe(true)
  for (const text of ['', 'undefined', '<!doctype html>', 'a.b', 'aa.bb.cc', 'st.abc.def.ghi', `${jwt({})} `])
    expect(isJwt(text), text).toBe(false)
})

describe('how long it lives', () => {
  test('2024: the row ends before the exp of the JWT', () => {
    expect(tokenTimes(answer({ iat: 1000, exp: 3600 + 1000 }, 600, 3600))).toEqual({
      lifetime: 600,
      ttl: 600,
      maxTtl: 3600,
    })
  })

  test('current: the exp is the end, whatever expiresIn says', () => {
    expect(tokenTimes(answer({ iat: 1000, exp: 1060 }, 7200, 7200)).lifetime).toBe(60)
  })

  test('a renewal that gives the same JWT back leaves what is left of it', () => {
    expect(tokenTimes(answer({ iat: 1000, exp: 2000 }, 600, 1000), 700).lifetime).toBe(300)
  })

  test('periodic tokens have no maximum, unlimited ones no end that anybody knows', () => {
    expect(tokenTimes(answer({ iat: 0, exp: 100 }, 100, 1_000_000_000)).maxTtl).toBe(0)
    expect(tokenTimes(answer({ iat: 0 }, 0, 0)).lifetime).toBe(30 * 86_400)
  })
})

test('it is replaced before its end, never at once', () => {
  void fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000_000 }), (lifetime) => {
      const before = margin(lifetime)
      return before > 0 && before <= lifetime / 2 && before <= 300
    }),
  )
})

test.each([
  ['the default (lifetime = maximum) is never renewed', { ttl: 2_592_000, maxTtl: 2_592_000 }, 100, false],
  ['well below the maximum', { ttl: 600, maxTtl: 7200 }, 600, true],
  ['the last one before the maximum', { ttl: 600, maxTtl: 7200 }, 6590, false],
  ['without a maximum', { ttl: 600, maxTtl: 0 }, 1e9, true],
  ['without a lifetime', { ttl: 0, maxTtl: 0 }, 1, false],
])('renewal: %s', (_, times, age, expected) => {
  expect(mayRenew({ lifetime: times.ttl, ...times }, age)).toBe(expected)
})
