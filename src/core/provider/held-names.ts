/** Name of the entry that keeps which names the last pull found; internal, never granted to a command. */
export const NAMES_ENTRY = '@names'

/** The names of a set with their places, as the holder keeps them for `secrets list` and the like. */
export function namesEntry(names: ReadonlyMap<string, string>): [string, Buffer] {
  return [NAMES_ENTRY, Buffer.from(JSON.stringify([...names]))]
}

/** Reads such an entry. Undefined: it is none. */
export function readNames(entry: Buffer): [string, string][] | undefined {
  const parsed: unknown = JSON.parse(entry.toString('utf8'))
  if (!Array.isArray(parsed)) return undefined
  return parsed.every((item) => Array.isArray(item) && item.length === 2)
    ? (parsed as [string, string][])
    : undefined
}
