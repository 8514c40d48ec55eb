import { isUtf8 } from 'node:buffer'
import { readYaml } from '../text/yaml.ts'
import { MAX_VALUE } from '../vault/limits.ts'

/**
 * Why what a command left in a granted file is no successor of what it was given, or undefined: it has another format
 * (JSON, a YAML mapping, text), is empty where it was not, is too large, or has a NUL that was not there. It completes
 * "its file …" and repeats nothing of it.
 */
export function writebackProblem(given: Buffer, now: Buffer): string | undefined {
  if (now.length > MAX_VALUE) return 'is larger than 1 MiB'
  if (now.length === 0) return 'is empty'
  if (now.includes(0) && !given.includes(0)) return 'has a NUL byte'
  if (isUtf8(given) && !isUtf8(now)) return 'is no text any more'
  if (isJson(given)) return isJson(now) ? undefined : 'is no JSON any more'
  return isMapping(given) && !isMapping(now) ? 'is no YAML mapping any more' : undefined
}

/** The text becomes a JavaScript string here, as it does in every parser of it. */
function isJson(bytes: Buffer): boolean {
  try {
    return typeof JSON.parse(bytes.toString()) === 'object'
  } catch {
    return false
  }
}

function isMapping(bytes: Buffer): boolean {
  const { value, broken } = readYaml(bytes, { maxBytes: MAX_VALUE, quiet: true })
  return !broken && value !== null && typeof value === 'object' && !Array.isArray(value)
}
