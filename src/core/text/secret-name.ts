/**
 * Tells whether `name` can name a secret: a letter or `_`, then letters, digits and `_`, at most 128 characters.
 * Such a name is safe as an environment variable, a folder name and a key of every bind format.
 */
export function isSecretName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)
}

/** The rule above in words, for messages. */
export const SECRET_NAME_RULE = 'letters, digits and _, not starting with a digit, at most 128 characters'
