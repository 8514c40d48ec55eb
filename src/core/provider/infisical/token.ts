/**
 * Times of a machine identity's token. Everything is a duration from the moment of the answer, never the server's
 * clock against ours: a machine whose clock is a day off still renews in time.
 */
export interface TokenTimes {
  /** Seconds from the answer until the token is refused. */
  lifetime: number
  /** Configured lifetime of one login or renewal, as answered; 0 = unknown. */
  ttl: number
  /** Seconds after the first login beyond which no renewal goes; 0 = no such end. */
  maxTtl: number
}

export interface LoginAnswer {
  accessToken: string
  expiresIn: number
  accessTokenMaxTTL: number
}

const DAY = 86_400
/** A periodic token reports this as its maximum. */
const NO_MAXIMUM = 1_000_000_000
/** The least and the most time before the end at which a token is replaced. */
const MARGIN = { least: 5, most: 300 }

/** Whether a text has the shape of a JWT (RFC 7519): an HTML page that counts as a login does not. */
export function isJwt(token: string): boolean {
  return /^[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*$/.test(token) && claimsOf(token) !== undefined
}

/**
 * How long the token of a login or renewal lives: the sooner of `exp - iat` and `expiresIn`. The 2024 server ends a
 * token before its `exp` (it keeps its own row), the current one may answer an `expiresIn` that `exp` forbids.
 * `age`: seconds since this very JWT was issued; a 2024 renewal answers with the old one, whose `exp` stays.
 */
export function tokenTimes(answer: LoginAnswer, age = 0): TokenTimes {
  const { expiresIn, accessTokenMaxTTL } = answer
  const claims = claimsOf(answer.accessToken)
  const inside =
    claims?.exp !== undefined && claims.iat !== undefined ? claims.exp - claims.iat - age : undefined
  const ends = [expiresIn > 0 ? expiresIn : undefined, inside].filter((end) => end !== undefined)
  return {
    lifetime: ends.length === 0 ? 30 * DAY : Math.max(0, Math.min(...ends)),
    ttl: Math.max(0, expiresIn),
    maxTtl: accessTokenMaxTTL >= NO_MAXIMUM ? 0 : Math.max(0, accessTokenMaxTTL),
  }
}

/** Seconds before its end at which a token of this lifetime is replaced. */
export function margin(lifetime: number): number {
  const wanted = Math.min(Math.max(lifetime * 0.2, MARGIN.least), MARGIN.most)
  return Math.min(wanted, lifetime / 2)
}

/**
 * Whether to renew rather than log in again. The 2024 server refuses a renewal past the maximum and *deletes the
 * still valid token* with it; where lifetime and maximum are equal (the default) every renewal does that.
 * `age`: seconds since the first login.
 */
export function mayRenew({ ttl, maxTtl }: TokenTimes, age: number): boolean {
  if (ttl === 0) return false
  return maxTtl === 0 || age + ttl + 2 * MARGIN.least < maxTtl
}

function claimsOf(token: string): { exp?: number; iat?: number } | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
    if (claims === null || typeof claims !== 'object') return undefined
    const { exp, iat } = claims as Record<string, unknown>
    return { ...(typeof exp === 'number' && { exp }), ...(typeof iat === 'number' && { iat }) }
  } catch {
    return undefined
  }
}
