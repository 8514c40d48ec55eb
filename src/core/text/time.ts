import { formatSpan } from './duration.ts'

/** A point in time relative to `now`, both in ms: `in 12h`, `3m ago`, `now`. */
export function relative(time: number, now = Date.now()): string {
  const distance = time - now
  if (Math.abs(distance) < 1000) return 'now'
  return distance > 0 ? `in ${formatSpan(distance)}` : `${formatSpan(-distance)} ago`
}

/** A point in time in the person's own zone, to the second: `2026-11-24 08:05:09`. */
export function localTime(time: number): string {
  const d = new Date(time)
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${clockTime(time)}:${two(d.getSeconds())}`
}

/** The time of day in the person's own zone: `08:05`. */
export function clockTime(time: number): string {
  const d = new Date(time)
  return `${two(d.getHours())}:${two(d.getMinutes())}`
}

/** A point in time as a person wants it: when exactly, and how long ago. */
export function when(time: number, now = Date.now()): string {
  return `${localTime(time)} (${relative(time, now)})`
}

/** A point in time for machines, to the second, as the native binary writes it: `2026-11-24T02:07:23Z`. */
export function utcTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`
}

function two(n: number): string {
  return String(n).padStart(2, '0')
}
