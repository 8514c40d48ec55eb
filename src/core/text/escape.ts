/**
 * Escaping of secret text on bytes. A JavaScript string can't be wiped, a Buffer can: no value becomes a string here.
 */

/** Says what replaces the character `code` (followed by `next`, -1 at the end); undefined: its own bytes. */
export type Escape = (code: number, next: number) => string | undefined

/** Writes `value` (valid UTF-8) with every character passed through `escaping`. The caller wipes the result. */
export function escapeText(value: Buffer, escaping: Escape): Buffer {
  const result = Buffer.alloc(walk(value, escaping))
  walk(value, escaping, result)
  return result
}

/** Joins and wipes the pieces. */
export function joinAndWipe(pieces: Buffer[]): Buffer {
  const result = Buffer.alloc(pieces.reduce((total, piece) => total + piece.length, 0))
  let offset = 0
  for (const piece of pieces) {
    offset += piece.copy(result, offset)
    piece.fill(0)
  }
  return result
}

/** Measures, or writes into `target`, in one pass; returns the number of bytes. */
function walk(value: Buffer, escaping: Escape, target?: Buffer): number {
  let written = 0
  for (let at = 0; at < value.length; ) {
    const length = lengthAt(value, at)
    const replacement = escaping(codeAt(value, at, length), value[at + length] ?? -1)
    if (replacement === undefined) {
      if (target !== undefined) value.copy(target, written, at, at + length)
      written += length
    } else {
      if (target !== undefined) target.write(replacement, written, 'latin1')
      written += replacement.length
    }
    at += length
  }
  return written
}

function lengthAt(value: Buffer, at: number): number {
  const first = value[at] ?? 0
  if (first < 0x80) return 1
  if (first < 0xe0) return 2
  return first < 0xf0 ? 3 : 4
}

function codeAt(value: Buffer, at: number, length: number): number {
  const first = value[at] ?? 0
  if (length === 1) return first
  let code = first & (0xff >> (length + 1))
  for (let i = 1; i < length; i++) code = (code << 6) | ((value[at + i] ?? 0) & 0x3f)
  return code
}
