import { displayWidth } from '../../cli/width.ts'

/** Work on secret text as bytes: a JavaScript string can't be wiped, a Buffer can. */

const REPLACEMENT = 0xfffd

/**
 * A value as rows of at most `width` cells, for a screen. What a terminal would obey (control characters, escape
 * sequences, text direction) becomes a visible escape, and so does what is not UTF-8. A newline of the value begins a
 * row. Stops after `limit` rows; `more` says that there is more. The caller wipes the rows.
 */
export function screenRows(value: Buffer, width: number, limit: number): { rows: Buffer[]; more: boolean } {
  const rows: Buffer[] = []
  const row = Buffer.alloc(width * 4)
  let [used, cells] = [0, 0]
  const next = () => {
    rows.push(Buffer.from(row.subarray(0, used)))
    row.fill(0)
    used = cells = 0
  }
  let at = 0
  while (at < value.length && rows.length < limit) {
    const { length, code } = characterAt(value, at)
    if (code === 0x0a) {
      next()
      at += length
      continue
    }
    const piece = visible(value, at, length, code)
    if (cells + piece.width > width) {
      next()
      if (rows.length >= limit) break
    }
    used += piece.bytes.copy(row, used)
    piece.bytes.fill(0)
    cells += piece.width
    at += length
  }
  if (used > 0 && rows.length < limit) next()
  row.fill(0)
  return { rows, more: at < value.length }
}

/** Base64 (RFC 4648) of the bytes, as bytes. The caller wipes it. */
export function base64Bytes(value: Buffer): Buffer {
  const alphabet = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')
  const out = Buffer.alloc(Math.ceil(value.length / 3) * 4, '=')
  for (let at = 0, to = 0; at < value.length; at += 3, to += 4) {
    const left = Math.min(3, value.length - at)
    const bits = ((value[at] ?? 0) << 16) | ((value[at + 1] ?? 0) << 8) | (value[at + 2] ?? 0)
    for (let i = 0; i <= left; i++) out[to + i] = alphabet[(bits >> (18 - 6 * i)) & 63] ?? 0
  }
  return out
}

function visible(value: Buffer, at: number, length: number, code: number): { bytes: Buffer; width: number } {
  if (code === REPLACEMENT || isObeyed(code)) {
    const escapes = [...value.subarray(at, at + length)].map(
      (byte) => `\\x${byte.toString(16).padStart(2, '0')}`,
    )
    const bytes = Buffer.from(escapes.join(''))
    return { bytes, width: bytes.length }
  }
  const width = code < 0x7f ? 1 : displayWidth(String.fromCodePoint(code))
  return { bytes: Buffer.from(value.subarray(at, at + length)), width }
}

/** As `printable` in src/cli/output.ts. */
function isObeyed(code: number): boolean {
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true
  return code > 0x600 && /[\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/u.test(String.fromCodePoint(code))
}

/** One character of UTF-8; where there is none, one byte with the code U+FFFD. */
function characterAt(value: Buffer, at: number): { length: number; code: number } {
  const first = value[at] ?? 0
  if (first < 0x80) return { length: 1, code: first }
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  const tail = value.subarray(at + 1, at + length)
  const whole =
    first >= 0xc2 && first <= 0xf4 && tail.length === length - 1 && tail.every((b) => (b & 0xc0) === 0x80)
  if (!whole) return { length: 1, code: REPLACEMENT }
  const code = tail.reduce((sum, byte) => (sum << 6) | (byte & 0x3f), first & (0xff >> (length + 1)))
  const least = [0, 0, 0x80, 0x800, 0x10000][length] ?? 0
  const valid = code >= least && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
  return valid ? { length, code } : { length: 1, code: REPLACEMENT }
}
