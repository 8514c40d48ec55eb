import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'

/**
 * The standard "scrypt" stanza of age (https://age-encryption.org/v1), with the key derivation done by OpenSSL on the
 * thread pool: 0.5 s instead of 0.8 s, it does not block the event loop, and the passphrase stays a Buffer that can be
 * wiped. The derivation starts when the object is made, so that it runs while the age package is still loading.
 */

const WORK_FACTOR = 18
/** 2^20 needs 1 GiB and 2 s: a file that asks for more is an attack, not a vault. */
const MAX_WORK_FACTOR = 20
const LABEL = Buffer.from('age-encryption.org/v1/scrypt')
const NONCE = Buffer.alloc(12) // the wrapping key is used once, so age fixes the nonce to zero
const SALT = 16
const TAG = 16

/** A header stanza, as the age package passes it. */
interface StanzaLike {
  args: string[]
  body: Uint8Array
}

/** A header that no honest age program writes; the message says what is wrong with it. */
export class BadStanza extends Error {}

interface ScryptRecipient {
  wrapFileKey(fileKey: Uint8Array): Promise<StanzaLike[]>
}

export interface ScryptIdentity {
  unwrapFileKey(stanzas: StanzaLike[]): Promise<Uint8Array | null>
}

/** Wraps a file key under `passphrase` (not wiped here). It must be the only recipient of its file. */
export function scryptRecipient(passphrase: Buffer, workFactor = WORK_FACTOR): ScryptRecipient {
  const salt = randomBytes(SALT)
  const derived = started(wrappingKey(passphrase, salt, workFactor))
  return {
    async wrapFileKey(fileKey) {
      const key = await derived
      try {
        const cipher = createCipheriv('chacha20-poly1305', key, NONCE, { authTagLength: TAG })
        const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()])
        return [{ args: ['scrypt', unpadded(salt), String(workFactor)], body }]
      } finally {
        key.fill(0)
      }
    },
  }
}

/**
 * Unwraps the file key of `file` (binary age) with `passphrase` (not wiped here). A wrong passphrase is `null`, as the
 * age package expects; a header that breaks the format throws {@link BadStanza}.
 */
export function scryptIdentity(passphrase: Buffer, file: Buffer): ScryptIdentity {
  const first = peekScrypt(file)
  const early = first && started(wrappingKey(passphrase, first.salt, first.workFactor))
  return {
    async unwrapFileKey(stanzas) {
      const stanza = onlyScrypt(stanzas)
      if (stanza === undefined) return null
      const { salt, workFactor } = checked(stanza)
      const same = first?.salt.equals(salt) && first.workFactor === workFactor
      const key = await (early !== undefined && same ? early : wrappingKey(passphrase, salt, workFactor))
      try {
        return open(key, stanza.body)
      } finally {
        key.fill(0)
      }
    },
  }
}

function open(key: Buffer, body: Uint8Array): Uint8Array | null {
  const cipher = createDecipheriv('chacha20-poly1305', key, NONCE, { authTagLength: TAG })
  cipher.setAuthTag(body.subarray(-TAG))
  const fileKey = cipher.update(body.subarray(0, -TAG))
  try {
    cipher.final()
    return fileKey
  } catch {
    fileKey.fill(0)
    return null // wrong passphrase, or a damaged body: the tag can't tell them apart
  }
}

/** The scrypt stanza, if the header has one. Another one beside it could hide who else can open the file. */
function onlyScrypt(stanzas: StanzaLike[]): StanzaLike | undefined {
  const stanza = stanzas.find((s) => s.args[0] === 'scrypt')
  if (stanza !== undefined && stanzas.length !== 1)
    throw new BadStanza('a passphrase is not its only recipient')
  return stanza
}

function checked(stanza: StanzaLike): { salt: Buffer; workFactor: number } {
  const [, salt64 = '', factor = ''] = stanza.args
  const salt = Buffer.from(salt64, 'base64')
  const canonical = salt.length === SALT && unpadded(salt) === salt64
  if (stanza.args.length !== 3 || !canonical || !/^[1-9][0-9]*$/.test(factor) || stanza.body.length !== 32) {
    throw new BadStanza('its passphrase header is malformed')
  }
  if (Number(factor) > MAX_WORK_FACTOR)
    throw new BadStanza(`its work factor ${factor.slice(0, 8)} is too high`)
  return { salt, workFactor: Number(factor) }
}

/** Salt and work factor from the first lines of a file, only to start early: the age package parses it again. */
function peekScrypt(file: Buffer): { salt: Buffer; workFactor: number } | undefined {
  const head = file.toString('latin1', 0, 200).split('\n')
  const match = /^-> scrypt ([A-Za-z0-9+/]{22}) ([1-9][0-9]?)$/.exec(head[1] ?? '')
  const [, salt64, factor] = match ?? []
  if (head[0] !== 'age-encryption.org/v1' || salt64 === undefined || Number(factor) > MAX_WORK_FACTOR)
    return undefined
  return { salt: Buffer.from(salt64, 'base64'), workFactor: Number(factor) }
}

function wrappingKey(passphrase: Buffer, salt: Buffer, workFactor: number): Promise<Buffer> {
  const N = 2 ** workFactor
  const options = { N, r: 8, p: 1, maxmem: 128 * N * 8 + (1 << 20) } // Node refuses N = 2^18 with its default
  return new Promise((resolve, reject) => {
    scrypt(passphrase, Buffer.concat([LABEL, salt]), 32, options, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}

/** A rejection is reported to whoever awaits, and not before that as an unhandled one. */
function started(derivation: Promise<Buffer>): Promise<Buffer> {
  derivation.catch(() => undefined)
  return derivation
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}
