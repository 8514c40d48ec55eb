/** When it locks by itself, as `tazpod ghost watch` tells it; null: never. */
export interface Ends {
  expiresAt?: string | null
  idleAt?: string | null
}

interface Lifetime {
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
