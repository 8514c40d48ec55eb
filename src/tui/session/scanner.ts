/**
 * Cuts the bytes of a program into text, escape sequences and control strings (ECMA-48, as xterm reads them), however
 * the reads have cut them. Knows where a sequence ends, not what it means. Nothing is copied: a piece is a range of
 * the buffer that is handed over with it, valid during the call.
 */
interface Pieces {
  /** Printed characters and C0 controls, malformed sequences too. */
  text(bytes: Buffer, start: number, end: number): void
  /** ESC or CSI with everything up to its final byte. */
  sequence(bytes: Buffer, start: number, end: number): void
  /** A part of an OSC, DCS, APC, PM or SOS; long ones come in several parts. `kind` is the byte behind ESC. */
  string(bytes: Buffer, start: number, end: number, kind: number, last: boolean): void
}

const ESC = 0x1b
const BEL = 0x07
const CSI = 0x5b
export const OSC = 0x5d
export const DCS = 0x50
/** With APC, PM and SOS. */
const STRINGS = new Set([OSC, DCS, 0x5f, 0x5e, 0x58])
/** An unfinished CSI that is longer is none: no terminal takes so many parameters. */
const LONGEST_CSI = 256
/** Control strings up to here arrive in one part; a picture or a large OSC 52 is passed on as it comes. */
const LONGEST_STRING = 8192

/** Where a piece ends, or that more bytes are needed to tell. */
const MORE = -1

export class VtScanner {
  readonly #pieces: Pieces
  #held: Buffer | undefined
  /** The control string whose first parts have been handed over. */
  #open: number | undefined
  #tail: number[] = []

  constructor(pieces: Pieces) {
    this.#pieces = pieces
  }

  /** Whether something may be written between the bytes so far and the next: no character or string is cut in two. */
  get isBetween(): boolean {
    return this.#open === undefined && this.#held === undefined && !cutsCharacter(this.#tail)
  }

  scan(chunk: Buffer): void {
    const bytes = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = undefined
    let at = 0
    if (this.#open !== undefined) at = this.#string(bytes, 0, 0, this.#open)
    while (at < bytes.length) {
      const introducer = bytes.indexOf(ESC, at)
      if (introducer !== at) {
        const end = introducer < 0 ? bytes.length : introducer
        this.#text(bytes, at, end)
        if (introducer < 0) return
      }
      at = this.#escape(bytes, introducer)
    }
  }

  #text(bytes: Buffer, start: number, end: number): void {
    this.#tail =
      end - start >= 3
        ? [...bytes.subarray(end - 3, end)]
        : [...this.#tail, ...bytes.subarray(start, end)].slice(-3)
    this.#pieces.text(bytes, start, end)
  }

  /** Takes what begins with the ESC at `start`; returns where to go on. */
  #escape(bytes: Buffer, start: number): number {
    const kind = bytes[start + 1]
    if (kind === undefined) return this.#hold(bytes, start)
    if (STRINGS.has(kind)) return this.#string(bytes, start, start + 2, kind)
    const end = kind === CSI ? endOfCsi(bytes, start + 2) : endOfEscape(bytes, start + 1)
    if (end === MORE) {
      if (bytes.length - start <= LONGEST_CSI) return this.#hold(bytes, start)
      this.#text(bytes, start, bytes.length)
      return bytes.length
    }
    if (end < 0) {
      this.#text(bytes, start, ~end)
      return ~end
    }
    this.#tail = []
    this.#pieces.sequence(bytes, start, end)
    return end
  }

  /** Takes a control string from `start` on, whose end is looked for from `from` on. */
  #string(bytes: Buffer, start: number, from: number, kind: number): number {
    const end = endOfString(bytes, from, kind)
    this.#tail = []
    if (end !== MORE) {
      this.#open = undefined
      this.#pieces.string(bytes, start, end, kind, true)
      return end
    }
    if (this.#open === undefined && bytes.length - start <= LONGEST_STRING) return this.#hold(bytes, start)
    // An ESC at the very end may be the first half of the terminator.
    const cut = bytes[bytes.length - 1] === ESC ? bytes.length - 1 : bytes.length
    this.#open = kind
    if (cut > start) this.#pieces.string(bytes, start, cut, kind, false)
    return cut < bytes.length ? this.#hold(bytes, cut) : cut
  }

  #hold(bytes: Buffer, start: number): number {
    this.#held = Buffer.from(bytes.subarray(start))
    return bytes.length
  }
}

/** Behind the final byte; MORE; or the complement of where the malformed sequence ends. */
function endOfCsi(bytes: Buffer, from: number): number {
  let at = from
  while (at < bytes.length && inRange(bytes[at], 0x30, 0x3f)) at++
  while (at < bytes.length && inRange(bytes[at], 0x20, 0x2f)) at++
  if (at === bytes.length) return MORE
  return inRange(bytes[at], 0x40, 0x7e) ? at + 1 : ~malformedEnd(bytes, at)
}

function endOfEscape(bytes: Buffer, from: number): number {
  let at = from
  while (at < bytes.length && inRange(bytes[at], 0x20, 0x2f)) at++
  if (at === bytes.length) return MORE
  return inRange(bytes[at], 0x30, 0x7e) ? at + 1 : ~malformedEnd(bytes, at)
}

/** CAN and SUB end a sequence and belong to it; anything else begins something new. */
function malformedEnd(bytes: Buffer, at: number): number {
  return bytes[at] === 0x18 || bytes[at] === 0x1a ? at + 1 : at
}

/** ST ends every control string, BEL an OSC as well, CAN and SUB break it off, and so does any other ESC. */
function endOfString(bytes: Buffer, from: number, kind: number): number {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === 0x18 || byte === 0x1a || (byte === BEL && kind === OSC)) return at + 1
    if (byte !== ESC) continue
    if (at + 1 === bytes.length) return MORE
    return bytes[at + 1] === 0x5c ? at + 2 : at
  }
  return MORE
}

function inRange(byte: number | undefined, low: number, high: number): boolean {
  return byte !== undefined && byte >= low && byte <= high
}

/** Whether these last bytes of a text begin a UTF-8 character that is not complete. */
function cutsCharacter(tail: readonly number[]): boolean {
  for (let back = 1; back <= tail.length; back++) {
    const byte = tail[tail.length - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    return (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1) > back
  }
  return false
}
