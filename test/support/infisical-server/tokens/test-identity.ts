import type { ClientSecret, Identity } from '../identities.ts'
import type { Tokens } from './tokens.ts'

/** A machine identity as tests hold it. Its client secret is the newest one. */
export class TestIdentity {
  readonly #identity: Identity
  readonly #tokens: Tokens

  constructor(identity: Identity, tokens: Tokens) {
    this.#identity = identity
    this.#tokens = tokens
  }

  get id(): string {
    return this.#identity.id
  }

  get name(): string {
    return this.#identity.name
  }

  get clientId(): string {
    return this.#identity.clientId
  }

  get clientSecret(): string {
    return this.#newest.value
  }

  /** On the server's clock, in milliseconds; undefined: never. */
  get secretExpiresAt(): number | undefined {
    const { ttl, createdAt } = this.#newest
    return ttl > 0 ? createdAt + ttl * 1000 : undefined
  }

  /** Logins that the client secret has given. */
  get secretUses(): number {
    return this.#newest.uses
  }

  /** One more client secret; the earlier ones stay. */
  newSecret(options: { value?: string; ttl?: number; uses?: number } = {}): string {
    return this.#identity.addSecret(options).value
  }

  /** The newest one. In 2024 its tokens keep working; today they end with it. */
  revokeSecret(): void {
    this.#newest.revoked = true
    this.#newest.revokedByHand = true
  }

  /** All that were issued until now. */
  revokeTokens(): void {
    this.#tokens.revokeAllOf(this.#identity)
  }

  get #newest(): ClientSecret {
    const newest = this.#identity.secrets.at(-1)
    if (newest === undefined) throw new Error('an identity always has a secret')
    return newest
  }
}
