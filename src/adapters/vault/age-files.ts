import { BadStanza, type ScryptIdentity, scryptIdentity, scryptRecipient } from './age-scrypt.ts'

/**
 * Files in the age format (https://age-encryption.org/v1), written binary, read binary or armored. Any age program
 * opens what is written here. The age package is loaded by the first call: 65 ms that the other commands don't pay.
 */

/** Why a file did not open. `damaged` carries words for people. */
export type AgeProblem = { kind: 'no-match' } | { kind: 'damaged'; why: string }
export type Opened = { ok: true; value: Buffer } | { ok: false; error: AgeProblem }

const ARMOR = '-----BEGIN AGE ENCRYPTED FILE-----'
const IDENTITY = /^AGE-SECRET-KEY-1[AC-HJ-NP-Z02-9]{58}$/

/** Encrypts `plain` under a passphrase (1 to 1024 bytes; not wiped), scrypt work factor 18. About 0.5 s. */
export async function encryptUnderPassphrase(plain: Buffer, passphrase: Buffer): Promise<Buffer> {
  const recipient = scryptRecipient(passphrase)
  const { Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  encrypter.addRecipient(recipient)
  return buffer(await encrypter.encrypt(plain))
}

/** Opens a file under a passphrase. `no-match`: the passphrase is wrong. The result is the caller's to wipe. */
export async function decryptWithPassphrase(file: Buffer, passphrase: Buffer): Promise<Opened> {
  const binary = await unarmored(file)
  if (!binary.ok) return binary
  const identity = scryptIdentity(passphrase, binary.value)
  void globalThis.Response // the age package reads streams through it; Node loads it (30 ms) while scrypt runs
  return decrypt(binary.value, identity)
}

/**
 * Encrypts `plain` to X25519 recipients (`age1…`), each of which can open it alone.
 * @throws when a recipient is not valid; see {@link isRecipient}
 */
export async function encryptTo(plain: Buffer, recipients: readonly string[]): Promise<Buffer> {
  if (recipients.length === 0) throw new Error('a file for nobody')
  const { Encrypter } = await import('age-encryption')
  const encrypter = new Encrypter()
  for (const recipient of recipients) encrypter.addRecipient(recipient)
  return buffer(await encrypter.encrypt(plain))
}

/** Opens a file with an identity (`AGE-SECRET-KEY-1…` bytes). `no-match`: it is not encrypted to that identity. */
export async function decryptWith(file: Buffer, identity: Buffer): Promise<Opened> {
  const binary = await unarmored(file)
  return binary.ok ? decrypt(binary.value, identity.toString('latin1')) : binary
}

/** A new X25519 identity, as `AGE-SECRET-KEY-1…` bytes without newline. */
export async function generateIdentity(): Promise<Buffer> {
  const { generateX25519Identity } = await import('age-encryption')
  return Buffer.from(await generateX25519Identity())
}

/** The public half (`age1…`) of an identity. */
export async function recipientOf(identity: Buffer): Promise<string> {
  const { identityToRecipient } = await import('age-encryption')
  return identityToRecipient(identity.toString('latin1'))
}

/** Whether `text` is a valid X25519 recipient, checksum included. */
export async function isRecipient(text: string): Promise<boolean> {
  if (!/^age1[ac-hj-np-z02-9]{58}$/.test(text)) return false
  const { Encrypter } = await import('age-encryption')
  try {
    new Encrypter().addRecipient(text)
    return true
  } catch {
    return false
  }
}

/**
 * The identity in the text that `age-keygen` writes: comments, then one `AGE-SECRET-KEY-1…` line. Undefined when there
 * is none, more than one, or one that its checksum refuses. A copy: the caller wipes both.
 */
export async function identityIn(text: Buffer): Promise<Buffer | undefined> {
  const lines = text
    .toString('latin1')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  const [line] = lines
  if (lines.length !== 1 || line === undefined || !IDENTITY.test(line)) return undefined
  const identity = Buffer.from(line)
  try {
    await recipientOf(identity)
    return identity
  } catch {
    return undefined
  }
}

/** One line as an identity of either kind, X25519 or post-quantum (`AGE-SECRET-KEY-PQ-1…`); undefined: it is none. */
export async function anyIdentity(line: Buffer): Promise<Buffer | undefined> {
  return recipientOf(line).then(
    () => line,
    () => undefined,
  )
}

async function decrypt(binary: Buffer, identity: string | ScryptIdentity): Promise<Opened> {
  const { Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  decrypter.addIdentity(identity)
  try {
    return { ok: true, value: buffer(await decrypter.decrypt(binary)) }
  } catch (error) {
    return { ok: false, error: problem(error) }
  }
}

async function unarmored(file: Buffer): Promise<Opened> {
  if (!file.subarray(0, 1024).toString('latin1').trimStart().startsWith(ARMOR))
    return { ok: true, value: file }
  const { armor } = await import('age-encryption')
  try {
    return { ok: true, value: buffer(armor.decode(file.toString('latin1'))) }
  } catch {
    return { ok: false, error: { kind: 'damaged', why: 'its armor (the text form) is broken' } }
  }
}

/** The age package reports everything as an Error with a text. Its texts never carry content. */
function problem(error: unknown): AgeProblem {
  const text = error instanceof Error ? error.message : String(error)
  // Node's own errors, such as too little memory for scrypt, say nothing about the file.
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') throw error
  if (text.startsWith('no identity matched')) return { kind: 'no-match' }
  if (error instanceof BadStanza) return { kind: 'damaged', why: text }
  if (text.startsWith('invalid version')) return { kind: 'damaged', why: 'it is not an age file' }
  if (text.includes('HMAC')) return { kind: 'damaged', why: 'its header was changed' }
  if (/stanza|header|Unknown letter|padding/i.test(text))
    return { kind: 'damaged', why: 'its header is broken' }
  return { kind: 'damaged', why: 'its content was changed or cut off' }
}

function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
