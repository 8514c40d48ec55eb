/**
 * Why Infisical would not keep a value as it is, as the end of a sentence; undefined where it does. It trims white
 * space at both ends and, where the last character was a newline, puts back exactly one (measured, both generations).
 */
export function storedFormProblem(value: Buffer): string | undefined {
  const text = value.toString('utf8')
  if (!Buffer.from(text, 'utf8').equals(value)) return 'it is not UTF-8, and Infisical keeps nothing else'
  if (text.includes('\0')) return 'it contains a NUL byte'
  const kept = text.trim() + (text.endsWith('\n') ? '\n' : '')
  if (kept === text) return undefined
  return text.endsWith('\r\n')
    ? 'Infisical would turn the CR LF at its end into LF'
    : 'Infisical would cut white space from its ends'
}
