import type { Activity } from '../core/session/activity.ts'
import { count } from './words.ts'

/** The rest of a log line, in words: names of secrets, how many, why. */
export function whatHappened(line: Activity): string {
  const detail = Object.entries(line.detail).map(([key, value]) => inWords(key, value))
  return [line.secrets.join(', '), ...detail].filter((part) => part !== '').join('; ')
}

function inWords(key: string, value: string | number | boolean): string {
  if (key === 'count') return count(Number(value), 'secret')
  return key === 'reason' ? String(value) : `${key} ${value}`
}
