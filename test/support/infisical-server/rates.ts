import type { Clock } from './clock.ts'
import { Problem } from './problems.ts'
import type { Route } from './routes/routes.ts'
import type { Limits, Mode } from './types.ts'

const WINDOW = 60_000

const DEFAULTS: Record<'2024' | 'today', Limits> = {
  '2024': { list: 60, get: 60, login: 200, renew: 200, read: 600, write: 200, global: 600 },
  today: { list: 120, get: 120, login: 90, renew: 90, read: 200, write: 90, global: 600 },
}

interface Window {
  startedAt: number
  count: number
}

/** Counts requests per route and client address in windows of a minute. Switched off, nothing is sent or refused. */
export class Rates {
  readonly #clock: Clock
  readonly #defaults: Limits
  readonly #windows = new Map<string, Window>()
  #limits: Limits | undefined

  constructor(clock: Clock, mode: Mode) {
    this.#clock = clock
    this.#defaults = DEFAULTS[mode === '2024' ? mode : 'today']
  }

  set(on: boolean | Partial<Limits>): void {
    this.#windows.clear()
    this.#limits = on === false ? undefined : { ...this.#defaults, ...(on === true ? {} : on) }
  }

  /** Counts this request, or refuses it. */
  count(route: Route | undefined, address: string): void {
    const window = this.#window(route, address)
    if (window === undefined) return
    window.count++
    if (window.count > this.#max(route)) {
      throw new Problem('rateLimited', { seconds: this.#secondsLeft(window) })
    }
  }

  headers(route: Route | undefined, address: string, status: number): Record<string, string> {
    const window = this.#window(route, address)
    if (window === undefined) return {}
    const max = this.#max(route)
    const left = String(this.#secondsLeft(window))
    return {
      'x-ratelimit-limit': String(max),
      'x-ratelimit-remaining': String(Math.max(0, max - window.count)),
      'x-ratelimit-reset': left,
      ...(status === 429 && { 'retry-after': left }),
    }
  }

  #max(route: Route | undefined): number {
    const limit = route?.limit ?? 'global'
    return limit === 'none' ? Number.POSITIVE_INFINITY : (this.#limits?.[limit] ?? Number.POSITIVE_INFINITY)
  }

  #window(route: Route | undefined, address: string): Window | undefined {
    if (this.#limits === undefined || route?.limit === 'none') return undefined
    const key = `${route ? `${route.method} ${route.path}` : ''} ${address}`
    const now = this.#clock.now()
    const known = this.#windows.get(key)
    if (known !== undefined && now < known.startedAt + WINDOW) return known
    const fresh = { startedAt: now, count: 0 }
    this.#windows.set(key, fresh)
    return fresh
  }

  #secondsLeft({ startedAt }: Window): number {
    return Math.max(1, Math.ceil((startedAt + WINDOW - this.#clock.now()) / 1000))
  }
}
