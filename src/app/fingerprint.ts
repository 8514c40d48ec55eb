import { createHash, createHmac } from 'node:crypto'

/**
 * Key of the fingerprints of one vault, from its identity. The caller wipes it.
 * Keyed, because a plain hash of a short value could be guessed from a screenshot of it.
 */
export function fingerprintKey(identity: Buffer): Buffer {
  return createHash('sha256').update('tazpod fingerprint\0').update(identity).digest()
}

/** Ten hex digits that tell whether two values are the same, and nothing else: `3f2a-9c01be`. */
export function fingerprint(key: Buffer, value: Buffer): string {
  const digits = createHmac('sha256', key).update(value).digest('hex')
  return `${digits.slice(0, 4)}-${digits.slice(4, 10)}`
}
