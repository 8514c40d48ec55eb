/** A project or an environment of Infisical, by slug or id. */
export function isInfisicalName(word: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(word)
}

/** A folder of secrets in Infisical: `/`, or `/name/name`. */
export function isInfisicalFolder(word: string): boolean {
  return word.length <= 512 && /^\/([A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*)?$/.test(word)
}
