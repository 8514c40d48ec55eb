import { randomBytes, randomUUID } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import type { Clock } from './clock.ts'
import { Problem } from './problems.ts'
import type { Mode } from './types.ts'

export interface LockoutOptions {
  enabled?: boolean
  threshold?: number
  durationSeconds?: number
  counterResetSeconds?: number
}

/** Times in seconds; 0 (or left out) means what it means to the service: see the defaults of each. */
export interface IdentityOptions {
  name?: string
  clientId?: string
  clientSecret?: string
  /** Of an access token; 30 days. */
  ttl?: number
  /** Of an access token with all its renewals; 30 days. 0: no limit. */
  maxTtl?: number
  /** A periodic token (not in 2024): may be renewed for ever. */
  period?: number
  /** Requests that one access token may make; 0: any number. */
  uses?: number
  secretTtl?: number
  /** Logins that the client secret may make; 0: any number. */
  secretUses?: number
  /** Addresses or CIDR blocks, for logins and for requests. */
  allowedIps?: string[]
  lockout?: LockoutOptions
}

export interface ClientSecret {
  readonly id: string
  readonly value: string
  readonly createdAt: number
  readonly ttl: number
  readonly usesLimit: number
  uses: number
  /** No login any more: by hand, or because its time or its logins were over. */
  revoked: boolean
  /** By hand, which today's generation also holds against the tokens that it gave. */
  revokedByHand: boolean
}

const THIRTY_DAYS = 2_592_000

/** A machine identity with Universal Auth, and its client secrets. */
export class Identity {
  readonly id = randomUUID()
  readonly name: string
  readonly clientId: string
  readonly ttl: number
  readonly maxTtl: number
  readonly period: number
  readonly uses: number
  readonly lockout: Required<LockoutOptions>
  readonly restricted: boolean
  readonly secrets: ClientSecret[] = []
  readonly #allowed: BlockList | undefined
  readonly #clock: Clock
  #failures = { count: 0, locked: false, until: 0 }

  constructor(clock: Clock, options: IdentityOptions) {
    this.#clock = clock
    this.name = options.name ?? 'workstation'
    this.clientId = options.clientId ?? randomUUID()
    this.ttl = options.ttl ?? THIRTY_DAYS
    this.maxTtl = options.maxTtl ?? THIRTY_DAYS
    this.period = options.period ?? 0
    this.uses = options.uses ?? 0
    this.restricted = options.allowedIps !== undefined
    this.#allowed = options.allowedIps && blockList(options.allowedIps)
    const {
      enabled = true,
      threshold = 3,
      durationSeconds = 300,
      counterResetSeconds = 30,
    } = options.lockout ?? {}
    this.lockout = { enabled, threshold, durationSeconds, counterResetSeconds }
    this.addSecret({ value: options.clientSecret, ttl: options.secretTtl, uses: options.secretUses })
  }

  addSecret(options: {
    value?: string | undefined
    ttl?: number | undefined
    uses?: number | undefined
  }): ClientSecret {
    const secret: ClientSecret = {
      id: randomUUID(),
      value: options.value ?? randomBytes(32).toString('hex'),
      createdAt: this.#clock.now(),
      ttl: options.ttl ?? 0,
      usesLimit: options.uses ?? 0,
      uses: 0,
      revoked: false,
      revokedByHand: false,
    }
    this.secrets.push(secret)
    return secret
  }

  allows(address: string): boolean {
    return this.#allowed?.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') ?? true
  }

  /** The secret that a login gives; a login that is refused is counted as the generation counts it. */
  secretFor(value: string, mode: Mode): ClientSecret {
    const counts = mode !== '2024' && this.lockout.enabled
    if (counts) this.#refuseLocked()
    const secret = this.secrets.find((one) => !one.revoked && one.value === value)
    if (secret === undefined) {
      if (counts) this.#countFailure()
      throw new Problem('invalidCredentials')
    }
    this.#failures = { count: 0, locked: false, until: 0 }
    // Revoked by the refusal itself, so the next login hears only "Invalid credentials".
    if (secret.ttl > 0 && this.#clock.now() > secret.createdAt + secret.ttl * 1000) {
      secret.revoked = true
      throw new Problem('clientSecretExpired')
    }
    if (secret.usesLimit > 0 && secret.uses >= secret.usesLimit) {
      secret.revoked = true
      throw new Problem('clientSecretUsedUp')
    }
    secret.uses++
    return secret
  }

  #refuseLocked(): void {
    if (this.#clock.now() >= this.#failures.until) this.#failures = { count: 0, locked: false, until: 0 }
    if (this.#failures.locked) throw new Problem('lockedOut')
  }

  #countFailure(): void {
    const count = this.#failures.count + 1
    const locked = count >= this.lockout.threshold
    const seconds = locked ? this.lockout.durationSeconds : this.lockout.counterResetSeconds
    this.#failures = { count, locked, until: this.#clock.now() + seconds * 1000 }
  }
}

function blockList(addresses: readonly string[]): BlockList {
  const list = new BlockList()
  for (const one of addresses) {
    const [address = '', bits] = one.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}
