/** When it locks by itself, as `tazpod ghost watch` tells it; null: never. */
export interface Ends {
  expiresAt?: string | null
  idleAt?: string | null
}

export interface Lifetime {
  /** Milliseconds; undefined: no end in sight. */
  left: number | undefined
  why: 'max' | 'idle'
}

/** A person is told this long before the end, in ms. */
export const WARNINGS = [300_000, 60_000] as const

export function lifetime({ expiresAt, idleAt }: Ends, now: number): Lifetime {
  const max = at(expiresAt)
  const idle = at(idleAt)
  if (max === undefined && idle === undefined) return { left: undefined, why: 'max' }
  const end = Math.min(max ?? Number.POSITIVE_INFINITY, idle ?? Number.POSITIVE_INFINITY)
  return { left: Math.max(0, end - now), why: end === idle ? 'idle' : 'max' }
}

/** `11h 59m`, `29m`, `42s`: changes at most once a minute until the last one. */
export function span(ms: number): string {
  const s = Math.floor(ms / 1000)
  if (s >= 3600) return `${Math.floor(s / 3600)}h ${String(Math.floor((s % 3600) / 60)).padStart(2, '0')}m`
  return s >= 60 ? `${Math.floor(s / 60)}m` : `${s}s`
}

/** The warning that is due now: the smallest threshold that has been passed since `before`. */
export function dueWarning(before: number | undefined, left: number | undefined): number | undefined {
  if (left === undefined) return undefined
  const passed = WARNINGS.filter((limit) => left <= limit && (before === undefined || before > limit))
  return passed.at(-1)
}

function at(time: string | null | undefined): number | undefined {
  const parsed = time === null || time === undefined ? Number.NaN : Date.parse(time)
  return Number.isNaN(parsed) ? undefined : parsed
}
