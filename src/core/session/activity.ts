import { parseDuration } from '../text/duration.ts'
/** One line of the local log that the holder writes: what happened, never a value. */
export interface Activity {
  /** ISO 8601, UTC. */
  time: string
  /** `unlock`, `grant`, `exit`, `deny`, `lock`, `refresh`, `revoke`; a newer tazpod may write more. */
  event: string
  project: string
  pid: number | null
  command: string | null
  /** Names of secrets. */
  secrets: string[]
  /** Everything else that the line says: exit code, reason. Numbers and short texts. */
  detail: Record<string, string | number | boolean>
}

const KNOWN = new Set(['time', 'event', 'project', 'pid', 'command', 'secrets'])

/** Reads one line. Undefined when it is damaged: a crash may leave half a line, and a half line proves nothing. */
export function parseActivity(line: string): Activity | undefined {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const fields = new Map<string, unknown>(Object.entries(value))
  const time = fields.get('time')
  const event = fields.get('event')
  if (typeof time !== 'string' || Number.isNaN(Date.parse(time)) || typeof event !== 'string')
    return undefined
  const pid = fields.get('pid')
  const secrets = fields.get('secrets')
  const detail = [...fields].filter(([key, v]) => !KNOWN.has(key) && isScalar(v)) as [
    string,
    string | number | boolean,
  ][]
  return {
    time,
    event,
    project: text(fields.get('project')) ?? '',
    pid: typeof pid === 'number' ? pid : null,
    command: text(fields.get('command')) ?? null,
    secrets: Array.isArray(secrets) ? secrets.filter((name) => typeof name === 'string') : [],
    detail: Object.fromEntries(detail),
  }
}

/**
 * The start of `--since`: a time (`2026-11-24`, ISO 8601), or how long ago (`90s`, `1h30m`, `7d`, `2w`).
 * Milliseconds since 1970, or undefined when it is neither.
 */
export function parseSince(text: string, now: number): number | undefined {
  const ago = parseDuration(text.replace(/^(\d{1,6})w$/, (_, weeks) => `${7 * Number(weeks)}d`))
  if (ago !== undefined) return now - ago * 1000
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}

function isScalar(value: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
