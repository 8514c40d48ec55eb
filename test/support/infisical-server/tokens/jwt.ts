import { createHmac, timingSafeEqual } from 'node:crypto'
import { Problem } from '../problems.ts'

export interface Claims {
  identityId: string
  clientSecretId: string
  identityAccessTokenId: string
  authTokenType: 'identityAccessToken'
  iat: number
  exp?: number
  [more: string]: unknown
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

const mac = (signed: string, key: Buffer): Buffer => createHmac('sha256', key).update(signed).digest()

export function signJwt(claims: Claims, key: Buffer): string {
  const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${signed}.${mac(signed, key).toString('base64url')}`
}

/** The checks of the library that the service uses, in its order and with its words. */
export function verifyJwt(token: string, key: Buffer, nowSeconds: number): Claims {
  const refuse = (message: string): Problem => new Problem('jwt', { message })
  if (token === '') throw refuse('jwt must be provided')
  const [header = '', payload = '', signature = '', ...more] = token.split('.')
  if (more.length > 0 || token.split('.').length !== 3) throw refuse('jwt malformed')
  const head = decode(header)
  const claims = decode(payload)
  if (head === undefined || claims === undefined) throw refuse('invalid token')
  if (signature.trim() === '') throw refuse('jwt signature is required')
  if (head.alg !== 'HS256') throw refuse('invalid algorithm')
  const given = Buffer.from(signature, 'base64url')
  const right = mac(`${header}.${payload}`, key)
  if (given.length !== right.length || !timingSafeEqual(given, right)) throw refuse('invalid signature')
  if (typeof claims.exp === 'number' && nowSeconds >= claims.exp) throw refuse('jwt expired')
  return claims as Claims
}

/** A part's object, or undefined: it is no base64url of JSON. */
function decode(part: string): Record<string, unknown> | undefined {
  if (!/^[\w-]+$/.test(part)) return undefined
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
