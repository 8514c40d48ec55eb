/** A duration in ms as people say it, two units at most: `45 s`, `12 min`, `3 h 20 min`, `2 d`. */
export function duration(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000))
  if (s < 90) return `${s} s`
  const min = Math.round(s / 60)
  if (min < 60) return `${min} min`
  const h = Math.floor(min / 60)
  if (h < 48) return min % 60 === 0 ? `${h} h` : `${h} h ${min % 60} min`
  return `${Math.round(h / 24)} d`
}

/** A duration in one unit, for a narrow column: `45 s`, `12 min`, `3 h`, `2 d`. */
export function roughly(ms: number): string {
  const h = Math.round(ms / 3_600_000)
  return ms < 5_400_000 || h >= 48 ? duration(ms) : `${h} h`
}

/** A point in time relative to `now`: `in 12 h`, `3 min ago`, `now`. */
export function relative(time: number, now = Date.now()): string {
  const distance = time - now
  if (Math.abs(distance) < 1000) return 'now'
  return distance > 0 ? `in ${duration(distance)}` : `${duration(-distance)} ago`
}

/** A point in time in the person's own zone, to the second: `2026-11-24 08:05:09`. */
export function localTime(time: number): string {
  const d = new Date(time)
  const two = (n: number) => String(n).padStart(2, '0')
  const day = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`
  return `${day} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`
}

/** A point in time as a person wants it: when exactly, and how long ago. */
export function when(time: number, now = Date.now()): string {
  return `${localTime(time)} (${relative(time, now)})`
}
