const UNITS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const

/** Below so many seconds a time is told in steps of so many. */
const STEPS = [
  [UNITS.m, UNITS.s],
  [UNITS.d, UNITS.m],
  [7 * UNITS.d, UNITS.h],
] as const

/** Bounds of a session time, in seconds: one second to seven days. */
export const DURATION_BOUNDS = { min: 1, max: 7 * UNITS.d } as const

/** Reads `90s`, `30m`, `12h`, `2d` or a sum such as `1h30m`; undefined when it is anything else. Returns seconds. */
export function parseDuration(text: string): number | undefined {
  if (!/^(\d{1,7}[smhd])+$/.test(text)) return undefined
  let seconds = 0
  for (const [, count = '', unit = ''] of text.matchAll(/(\d+)([smhd])/g)) {
    seconds += Number(count) * UNITS[unit as keyof typeof UNITS]
  }
  return seconds
}

/** Writes a setting the way `parseDuration` reads it, to the second: 5400 → `1h30m`, 0 → `0s`. */
export function formatDuration(seconds: number): string {
  let rest = Math.max(0, Math.round(seconds))
  let text = ''
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / UNITS[unit])
    if (count > 0) text += `${count}${unit}`
    rest -= count * UNITS[unit]
  }
  return text === '' ? '0s' : text
}

/**
 * Writes a time that was measured, in ms, in the same way and rounded down: below a minute to the second, below a day
 * to the minute, below a week to the hour, then to the day: `42s`, `11h59m`, `2d3h`, `84d`. A time that runs down changes
 * once a minute until the last one, and never says more than is left. test/vectors/durations.tsv
 * holds it and native/lib/figures.c, which writes the same.
 */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [, step] = STEPS.find(([below]) => seconds < below) ?? [0, UNITS.d]
  return formatDuration(seconds - (seconds % step))
}
