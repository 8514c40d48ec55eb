import { ok, type Result } from '../../core/result.ts'
import { lockedOr, runNative, type Surroundings } from './run-native.ts'

/** A whole set, and a length before each value. */
const MAX_MANY = 65 * 1024 * 1024
const NUL = Buffer.alloc(1)
/** In the place of a length: there is no entry of that name. */
export const ABSENT = 0xffff_ffff

/** What lets a value out of the session (PROTOCOL.md, GET); empty: that the passphrase was given here a short time ago. */
export interface Proof {
  /** The vault's identity, as it was opened by a passphrase. */
  key?: Buffer | undefined
  /** A connection to the holder that this process has inherited: it is the session's own refresh. */
  over?: number | undefined
}

/**
 * The value of one entry of the unlocked holder, internal ones (`@identity`) too; the caller zeroes it.
 * Failures: locked, ghost (no such entry; 77: a proof is wanted), native-missing.
 */
export async function get(name: string, proof: Proof = {}): Promise<Result<Buffer>> {
  return lockedOr(
    await runNative(['ghost', 'get', ...proofFlags(proof), name], { ...proof, input: proof.key }),
  )
}

/**
 * The values of several entries of the unlocked holder, all from one set; undefined for a name that it does not have.
 * The caller zeroes them. Failures: as `get`.
 */
export async function getMany(
  names: readonly string[],
  proof: Proof = {},
  surroundings?: Surroundings,
): Promise<Result<(Buffer | undefined)[]>> {
  if (names.length === 0) return ok([])
  if (names.some((name) => name.includes('\0'))) throw new RangeError('a name with a NUL byte')
  const list = Buffer.from(names.map((name) => `${name}\0`).join(''))
  const input = proof.key ? Buffer.concat([proof.key, NUL, list]) : list
  const args = ['ghost', 'get', ...proofFlags(proof), '--many']
  const found = await runNative(args, { ...proof, input, maxOutput: MAX_MANY, surroundings }).finally(() =>
    input.fill(0),
  )
  if (!found.ok) return lockedOr(found)
  const values: (Buffer | undefined)[] = []
  for (let at = 0; at < found.value.length; ) {
    const size = found.value.readUInt32LE(at)
    at += 4
    values.push(size === ABSENT ? undefined : found.value.subarray(at, at + size))
    at += size === ABSENT ? 0 : size
  }
  return ok(values)
}

/** What a stranger would type to ask for an entry, or for several: for `doctor --attack`. */
export function askingArgv(what: string, how: readonly string[] = []): string[] {
  return ['ghost', 'get', ...how, what]
}

function proofFlags({ key, over }: Proof): string[] {
  return over === undefined ? (key === undefined ? [] : ['--key']) : ['--over', '4']
}

/** Tells the session that the passphrase was given at this terminal. Failures: locked, ghost (another vault's key). */
export async function prove(key: Buffer): Promise<Result<void>> {
  const done = await runNative(['ghost', 'prove'], { input: key })
  return done.ok ? ok() : lockedOr(done)
}

/**
 * Has the session fetch its secrets anew, with what it holds itself, and waits; `digest`: SHA-256 of tazpod.yaml, in
 * hexadecimal, all zeros without one. Returns what the refresh has said. Failures: locked (also: the file is another one
 * than at the passphrase, or nobody is there to fetch), ghost, native-missing.
 */
export async function renew(digest: string): Promise<Result<Buffer>> {
  return lockedOr(await runNative(['ghost', 'renew', digest]))
}

/**
 * What a command has made of a file that it was `given` takes the place of the value, until the lock or the next pull.
 * Failures: locked, ghost (65: the value is another one meanwhile; 77: it is not kept).
 */
export async function keep(name: string, given: Buffer, now: Buffer): Promise<Result<void>> {
  const sizes = Buffer.alloc(8)
  sizes.writeUInt32LE(given.length, 0)
  sizes.writeUInt32LE(now.length, 4)
  const input = Buffer.concat([sizes, given, now])
  const done = await runNative(['ghost', 'keep', name], { input }).finally(() => input.fill(0))
  return done.ok ? ok() : lockedOr(done)
}
