/** Name of the entry that keeps which names the last pull found; internal, never granted to a command. */
export const NAMES_ENTRY = '@names'

/** The bytes of that entry. */
export function encodeNames(names: Iterable<string>): Buffer {
  return Buffer.from(JSON.stringify([...names]))
}

/** Undefined: not what this version writes. */
export function parseNames(bytes: Buffer): string[] | undefined {
  try {
    const names: unknown = JSON.parse(bytes.toString('utf8'))
    return Array.isArray(names) && names.every((name) => typeof name === 'string') ? names : undefined
  } catch {
    return undefined
  }
}
