import { randomUUID } from 'node:crypto'
import type { ClientSecret, Identity } from '../identities.ts'
import { Problem } from '../problems.ts'
import { signJwt } from './jwt.ts'
import { type Issued, TokenBook, type TokenRecord, type Tokens } from './tokens.ts'

/** What the service reports as the maximum of a periodic token, so that old clients keep renewing it. */
const FOR_EVER = 1_000_000_000
/** No single JWT lives longer, whatever is configured. */
const CEILING = 7_776_000

/** Today: the JWT says everything, its `exp` is the real end, and the server only knows what was revoked. */
export class ClaimTokens extends TokenBook implements Tokens {
  readonly #ends = new Map<string, number>()
  // The service compares a JWT's `iat`, in whole seconds, with the moment of the revocation. That would refuse a
  // token issued later in the same second, at random in a test; so the tokens that existed are remembered instead.
  readonly #revokedWithIdentity = new Set<TokenRecord>()
  readonly #orgId = randomUUID()

  issue(identity: Identity, secret: ClientSecret): Issued {
    const record = this.add(randomUUID(), identity, secret)
    return {
      accessToken: this.#sign(record, this.#lifetime(record)),
      expiresIn: identity.period > 0 ? identity.period : identity.ttl,
      accessTokenMaxTTL: identity.period > 0 ? FOR_EVER : identity.maxTtl,
      tokenType: 'Bearer',
    }
  }

  authenticate(token: string, address: string): Identity {
    const record = this.#recordOf(token, 'Failed to authorize')
    const { uses } = record.identity
    if (uses > 0 && record.uses >= uses) throw new Problem('tokenUsedUp')
    record.uses++
    this.refuseAddress(record, address)
    return record.identity
  }

  renew(token: string): Issued {
    const record = this.#recordOf(token, 'Cannot renew')
    const { uses, maxTtl, period } = record.identity
    if (uses > 0 && record.uses >= uses) throw new Problem('renewUsedUp')
    const expiresIn = this.#lifetime(record)
    if (expiresIn <= 0) throw new Problem('pastMaxTtl')
    record.renewedAt = this.clock.now()
    return {
      accessToken: this.#sign(record, expiresIn),
      expiresIn,
      accessTokenMaxTTL: period > 0 ? FOR_EVER : maxTtl,
      tokenType: 'Bearer',
    }
  }

  /** Accepted again while the JWT is unexpired: it only writes down a mark. */
  revoke(token: string): void {
    const record = this.records.get(this.verify(token).identityAccessTokenId)
    if (record !== undefined) record.revoked = true
  }

  revokeAllOf(identity: Identity): void {
    for (const record of this.records.values()) {
      if (record.identity === identity) this.#revokedWithIdentity.add(record)
    }
  }

  protected isRevoked(record: TokenRecord): boolean {
    return this.#reason(record) !== undefined
  }

  protected isOver(record: TokenRecord): boolean {
    return this.clock.seconds() >= (this.#ends.get(record.id) ?? 0)
  }

  #recordOf(token: string, prefix: string): TokenRecord {
    const record = this.records.get(this.verify(token).identityAccessTokenId)
    if (record === undefined) throw new Problem('tokenUnknown', { prefix })
    const reason = this.#reason(record)
    if (reason !== undefined) throw new Problem('tokenUnknown', { prefix, reason })
    return record
  }

  #reason(record: TokenRecord): string | undefined {
    if (record.revoked) return 'token has been revoked'
    if (this.#revokedWithIdentity.has(record)) return 'identity tokens have been revoked'
    return record.secret.revokedByHand ? 'client secret has been revoked' : undefined
  }

  /** Seconds that a JWT signed now may live; 0 or less: the maximum is used up. */
  #lifetime({ identity, createdAt }: TokenRecord): number {
    const { ttl, maxTtl, period } = identity
    if (period > 0) return Math.min(period, CEILING)
    const left = maxTtl > 0 ? Math.floor(createdAt / 1000) + maxTtl - this.clock.seconds() : CEILING
    return Math.min(ttl > 0 ? ttl : CEILING, left, CEILING)
  }

  #sign(record: TokenRecord, lifetime: number): string {
    const { identity, secret } = record
    const iat = this.clock.seconds()
    this.#ends.set(record.id, Math.max(this.#ends.get(record.id) ?? 0, iat + lifetime))
    return signJwt(
      {
        identityId: identity.id,
        identityName: identity.name,
        authMethod: 'universal-auth',
        orgId: this.#orgId,
        rootOrgId: this.#orgId,
        parentOrgId: this.#orgId,
        clientSecretId: secret.id,
        identityAccessTokenId: record.id,
        ipRestrictionEnabled: identity.restricted,
        accessTokenTTL: identity.period > 0 ? identity.period : identity.ttl,
        accessTokenMaxTTL: identity.period > 0 ? 0 : identity.maxTtl,
        accessTokenPeriod: identity.period,
        creationEpoch: Math.floor(record.createdAt / 1000),
        authTokenType: 'identityAccessToken',
        identityAuth: {},
        ...(identity.uses > 0 && { numUsesLimit: identity.uses }),
        iat,
        exp: iat + lifetime,
        jti: record.id,
      },
      this.key,
    )
  }
}
