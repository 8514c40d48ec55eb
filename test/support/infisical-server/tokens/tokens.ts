import type { Clock } from '../clock.ts'
import type { ClientSecret, Identity } from '../identities.ts'
import { Problem } from '../problems.ts'
import { type Claims, verifyJwt } from './jwt.ts'

/** What login and renew answer, in the service's order of keys. */
export interface Issued {
  accessToken: string
  expiresIn: number
  accessTokenMaxTTL: number
  tokenType: 'Bearer'
}

export interface TokenState {
  revoked: boolean
  expired: boolean
  /** Requests that it was shown on. */
  uses: number
}

/** How a generation keeps access tokens. All answers go by the server's clock. */
export interface Tokens {
  issue(identity: Identity, secret: ClientSecret): Issued
  /** Counts one use. */
  authenticate(token: string, address: string): Identity
  renew(token: string): Issued
  revoke(token: string): void
  revokeAllOf(identity: Identity): void
  state(token: string): TokenState
  /** Neither revoked nor over. */
  live(): number
  issued(): number
}

/** One access token on the server's side; a renewed one stays the same. */
export interface TokenRecord {
  readonly id: string
  readonly identity: Identity
  readonly secret: ClientSecret
  readonly createdAt: number
  /** Of the newest issue or renewal. */
  renewedAt: number
  uses: number
  revoked: boolean
}

/** What both ways of keeping tokens share: the records by id, and the signature. */
export abstract class TokenBook {
  protected readonly records = new Map<string, TokenRecord>()
  protected readonly clock: Clock
  protected readonly key: Buffer
  readonly #refuseWhenDown: () => void

  /** `refuseWhenDown` is asked when the signature is right: only then the service looks into its database. */
  constructor(clock: Clock, key: Buffer, refuseWhenDown: () => void) {
    this.clock = clock
    this.key = key
    this.#refuseWhenDown = refuseWhenDown
  }

  protected abstract isOver(record: TokenRecord): boolean
  protected abstract isRevoked(record: TokenRecord): boolean

  protected verify(token: string): Claims {
    const claims = verifyJwt(token, this.key, this.clock.seconds())
    this.#refuseWhenDown()
    return claims
  }

  protected add(id: string, identity: Identity, secret: ClientSecret): TokenRecord {
    const createdAt = this.clock.now()
    const record = { id, identity, secret, createdAt, renewedAt: createdAt, uses: 0, revoked: false }
    this.records.set(id, record)
    return record
  }

  protected refuseAddress(record: TokenRecord, address: string): void {
    if (!record.identity.allows(address)) throw new Problem('addressNotAllowed')
  }

  state(token: string): TokenState {
    // A test may ask about a token whose time is over, so only the signature counts here.
    const claims = verifyJwt(token, this.key, 0)
    const record = this.records.get(claims.identityAccessTokenId)
    if (record === undefined) throw new Error('this server never issued that token')
    const jwtOver = claims.exp !== undefined && this.clock.seconds() >= claims.exp
    return {
      revoked: this.isRevoked(record),
      expired: jwtOver || this.isOver(record),
      uses: record.uses,
    }
  }

  live(): number {
    return [...this.records.values()].filter((one) => !this.isRevoked(one) && !this.isOver(one)).length
  }

  issued(): number {
    return this.records.size
  }
}
