/**
 * Quotes a word of an untrusted file for a message: at most 60 characters, everything that a terminal could obey
 * (control characters, escape sequences, text direction) written as \uXXXX.
 */
export function show(word: string): string {
  const cut = word.length > 60 ? `${word.slice(0, 59)}…` : word
  const quoted = JSON.stringify(cut.toWellFormed())
  return quoted.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (c) => {
    return `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`
  })
}

/** `a`, `a or b`, `a, b or c`. */
export function oneOf(words: readonly string[]): string {
  if (words.length < 2) return words.join('')
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
