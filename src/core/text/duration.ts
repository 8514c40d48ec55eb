const UNITS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const

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

/** Writes seconds the way `parseDuration` reads them: 5400 → `1h30m`, 0 → `0s`. */
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

/** Seconds of a setting as people say them: `12 h`, `90 min`, `45 s`; 0: `without end`. */
export function durationWords(seconds: number): string {
  if (seconds === 0) return 'without end'
  if (seconds % UNITS.h === 0) return `${seconds / UNITS.h} h`
  return seconds % UNITS.m === 0 ? `${seconds / UNITS.m} min` : `${seconds} s`
}
