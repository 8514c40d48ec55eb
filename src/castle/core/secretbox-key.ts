/** The secretbox key of Talos: standard base64 of exactly 32 bytes, 44 characters, nothing around it. */
export const KEY_BYTES = 32
const KEY_TEXT = 44

/** The 32 bytes that the text stands for; the caller wipes them. Undefined: it is not in that form. */
export function keyBytes(text: Buffer): Buffer | undefined {
  if (text.length !== KEY_TEXT) return undefined
  const bytes = Buffer.from(text.toString('latin1'), 'base64')
  // Base64 of other spellings (url-safe, left-over bits) decodes too: only the one that gives itself back is right.
  if (bytes.length === KEY_BYTES && Buffer.from(bytes.toString('base64')).equals(text)) return bytes
  bytes.fill(0)
  return undefined
}

/** Whether a text is a key; the bytes are wiped at once. */
export function isKey(text: Buffer): boolean {
  return keyBytes(text)?.fill(0) !== undefined
}

/** Why a key of a living cluster is never replaced, for people. */
export const WHY_NOT =
  'a cluster whose key is replaced can not read one of its Secrets any more: the API server says "output array was not large enough for encryption" and there is no way back'
