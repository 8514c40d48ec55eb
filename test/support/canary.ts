import { randomBytes } from 'node:crypto'
import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync } from 'node:fs'
import { join } from 'node:path'

/** A value that exists nowhere else: 24 letters and digits, so that no encoder of text changes it. */
export function canary(label = 'canary'): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  const random = [...randomBytes(24)].map((byte) => alphabet[byte % alphabet.length]).join('')
  return `${label.replace(/[^A-Za-z0-9]/g, '')}${random}`
}

export interface Hit {
  path: string
  canary: string
  form: string
}

/**
 * Looks through every file below `folders` (names, symbolic links' targets and contents) for the canaries, plain and
 * in the forms that a program might write them in.
 * A file or folder that can't be read throws: unread is not clean.
 * @returns one entry per file, canary and form; empty when nothing was found
 */
export function scan(folders: readonly string[], canaries: readonly string[]): Hit[] {
  const needles = canaries.flatMap(formsOf)
  return folders.flatMap((folder) => [...walk(folder)].flatMap((path) => scanFile(path, needles)))
}

/** The same search in bytes that are already in memory. */
export function scanBytes(bytes: Uint8Array, canaries: readonly string[], path = '(bytes)'): Hit[] {
  const haystack = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return canaries.flatMap(formsOf).flatMap((n) => (haystack.includes(n.bytes) ? [hit(path, n)] : []))
}

interface Needle {
  canary: string
  form: string
  bytes: Buffer
}

function formsOf(value: string): Needle[] {
  const plain = Buffer.from(value)
  const hex = plain.toString('hex')
  const needle = (form: string, bytes: Buffer | string): Needle => ({
    canary: value,
    form,
    bytes: Buffer.from(bytes),
  })
  return [
    needle('plain', plain),
    needle('utf-16', Buffer.from(value, 'utf16le')),
    needle('hex', hex),
    needle('HEX', hex.toUpperCase()),
    needle('percent-encoded', hex.toUpperCase().replace(/../g, '%$&')),
    needle('reversed', [...value].reverse().join('')),
    ...[0, 1, 2].map((shift) => needle(`base64 at ${shift}`, base64Core(plain, shift))),
  ]
}

/** The characters of base64 that depend on `value` alone when it starts `shift` bytes behind a multiple of three. */
function base64Core(value: Buffer, shift: number): string {
  const before = shift === 0 ? 0 : shift + 1 // characters that the unknown bytes in front take part in
  const whole = Buffer.concat([Buffer.alloc(shift), value])
  const full = Math.floor(whole.length / 3) * 4
  return whole.toString('base64').slice(before, full)
}

function* walk(path: string): Generator<string> {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return
  yield path
  if (!stat.isDirectory()) return
  for (const name of entries(path)) yield* walk(join(path, name))
}

function entries(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function scanFile(path: string, needles: readonly Needle[]): Hit[] {
  const found = new Map<string, Hit>()
  const look = (bytes: Buffer): void => {
    for (const n of needles) if (bytes.includes(n.bytes)) found.set(`${n.canary} ${n.form}`, hit(path, n))
  }
  look(Buffer.from(path))
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat?.isSymbolicLink()) look(Buffer.from(readlinkSync(path)))
  if (stat?.isFile()) readThrough(path, Math.max(...needles.map((n) => n.bytes.length)), look)
  return [...found.values()]
}

/** Reads in pieces of 1 MiB that overlap by one needle, so that none is cut in two. */
function readThrough(path: string, overlap: number, look: (bytes: Buffer) => void): void {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  try {
    const piece = Buffer.alloc(1024 * 1024 + overlap)
    for (let kept = 0; ; ) {
      const got = readSync(fd, piece, kept, piece.length - kept, null)
      if (got === 0) return
      look(piece.subarray(0, kept + got))
      const keep = Math.min(overlap, kept + got)
      piece.copy(piece, 0, kept + got - keep, kept + got)
      kept = keep
    }
  } finally {
    closeSync(fd)
  }
}

function hit(path: string, needle: Needle): Hit {
  return { path, canary: needle.canary, form: needle.form }
}
