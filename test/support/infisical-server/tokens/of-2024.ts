import { randomUUID } from 'node:crypto'
import type { ClientSecret, Identity } from '../identities.ts'
import { Problem } from '../problems.ts'
import { signJwt } from './jwt.ts'
import { type Issued, TokenBook, type TokenRecord, type Tokens } from './tokens.ts'

/**
 * 2024: the JWT ends with the maximum, a row on the server ends with the TTL. A row that is refused is deleted, so
 * that the first refusal has its own words and every later one the general ones.
 */
export class RowTokens extends TokenBook implements Tokens {
  readonly #jwts = new Map<string, string>()

  issue(identity: Identity, secret: ClientSecret): Issued {
    const id = randomUUID()
    this.add(id, identity, secret)
    const iat = this.clock.seconds()
    const jwt = signJwt(
      {
        identityId: identity.id,
        clientSecretId: secret.id,
        identityAccessTokenId: id,
        authTokenType: 'identityAccessToken',
        iat,
        ...(identity.maxTtl > 0 && { exp: iat + identity.maxTtl }),
      },
      this.key,
    )
    this.#jwts.set(id, jwt)
    return answer(jwt, identity)
  }

  authenticate(token: string, address: string): Identity {
    const record = this.#row(token)
    this.refuseAddress(record, address)
    this.#refuseOver(record)
    record.uses++
    return record.identity
  }

  renew(token: string): Issued {
    const record = this.#row(token)
    this.#refuseOver(record)
    const { ttl, maxTtl } = record.identity
    const now = this.clock.now()
    const end = record.createdAt + maxTtl * 1000
    if (maxTtl > 0 && now > end) throw this.#delete(record, 'maxTtlOver')
    if (maxTtl > 0 && now + ttl * 1000 > end) throw this.#delete(record, 'pastMaxTtl')
    record.renewedAt = now
    return answer(this.#jwts.get(record.id) ?? token, record.identity)
  }

  revoke(token: string): void {
    this.#row(token).revoked = true
  }

  revokeAllOf(identity: Identity): void {
    for (const record of this.records.values()) if (record.identity === identity) record.revoked = true
  }

  protected isRevoked(record: TokenRecord): boolean {
    return record.revoked
  }

  protected isOver({ identity, renewedAt, createdAt }: TokenRecord): boolean {
    const now = this.clock.now()
    const ttlOver = identity.ttl > 0 && now > renewedAt + identity.ttl * 1000
    return ttlOver || (identity.maxTtl > 0 && now >= createdAt + identity.maxTtl * 1000)
  }

  #row(token: string): TokenRecord {
    const record = this.records.get(this.verify(token).identityAccessTokenId)
    if (record === undefined || record.revoked) throw new Problem('tokenUnknown')
    return record
  }

  #refuseOver(record: TokenRecord): void {
    const { uses, ttl } = record.identity
    if (uses > 0 && record.uses >= uses) throw this.#delete(record, 'tokenUsedUp')
    if (ttl > 0 && this.clock.now() > record.renewedAt + ttl * 1000) throw this.#delete(record, 'ttlOver')
  }

  #delete(record: TokenRecord, problem: 'tokenUsedUp' | 'ttlOver' | 'maxTtlOver' | 'pastMaxTtl'): Problem {
    record.revoked = true
    return new Problem(problem)
  }
}

function answer(accessToken: string, identity: Identity): Issued {
  return {
    accessToken,
    expiresIn: identity.ttl,
    accessTokenMaxTTL: identity.maxTtl,
    tokenType: 'Bearer',
  }
}
