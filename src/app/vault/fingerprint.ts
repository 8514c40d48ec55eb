import { createHash, createHmac } from 'node:crypto'

/** Hex digits of a fingerprint: enough to tell a handful of values apart by eye, far too few to say what they are. */
const DIGITS = 8

/**
 * The key of a vault's fingerprints, from its identity. With a plain hash whoever sees the screen could try guesses
 * of a short value, and compare two people's vaults. The caller wipes it.
 */
export function fingerprintKey(identity: Buffer): Buffer {
  return createHash('sha256').update('tazpod fingerprint\0').update(identity).digest()
}

/** What stands for a value on a screen: the same for the same bytes in one vault, unrelated in every other. */
export function fingerprint(key: Buffer, value: Buffer): string {
  return createHmac('sha256', key).update(value).digest('hex').slice(0, DIGITS)
}
