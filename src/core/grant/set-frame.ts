import type { LaunchEntry, LaunchOp, LaunchPlan, LaunchSet } from './launch-set.ts'
import { SET_LIMITS, secretCount } from './launch-set.ts'

/** What the holder must know about the session besides the set. */
export interface SessionMeta {
  /** Seconds; 0 = never. */
  idle: number
  max: number
  /** Seconds after which the set should be fetched anew; 0 or absent = never. */
  refresh?: number
  /** `refresh`: goes on with the session that is unlocked, and never unlocks. Absent: `unlock`. */
  cause?: 'unlock' | 'refresh'
  scope: 'user' | 'terminal'
  /** The end of the last `tazpod shell` of the project locks. Absent: no. */
  lockOnExit?: boolean
  /** Somebody has given the passphrase for this set; absent: it was known already. */
  proven?: boolean
  /** Seconds for which that counts at their terminal. */
  proof?: number
  /** Of the `tazpod.yaml` that the set was compiled from; absent without a project. */
  config?: ConfigIdentity
  /** SHA-256 of that file, hexadecimal. */
  digest?: string
  /** Name shown to people. */
  label: string
  /** Absolute path of the project folder; empty without one. */
  root: string
  provider: string
}

/** A version of a file, as `fstat` with `bigint: true` gives it. */
interface ConfigIdentity {
  dev: bigint
  ino: bigint
  size: bigint
  mtimeNs: bigint
  ctimeNs: bigint
}

/** Of SHA-256. */
const DIGEST_BYTES = 32

/** The numbers of `native/protocol`: test/vectors/layout.tsv holds both to one table. */
export const FRAME = { header: 8, version: 4, set: 1 } as const
export const RECORD = {
  meta: 1,
  entry: 2,
  plan: 3,
  file: 4,
  value: 5,
  bind: 6,
  env: 7,
  missing: 8,
  end: 9,
} as const
export const ENTRY = { secret: 0, rendered: 1, internal: 2 } as const

/**
 * Writes the SET frame of `native/PROTOCOL.md`, header included, into one Buffer that the caller wipes. The set
 * comes from `compileLaunchSet`, which keeps its bounds; a set outside them is a bug and throws.
 */
export function encodeSet(set: LaunchSet, session: SessionMeta): Buffer {
  const size = writeSet(new Measure(), set, session)
  if (size > SET_LIMITS.bodyBytes) throw new RangeError(`a set of ${size} bytes`)
  const frame = Buffer.alloc(FRAME.header + size)
  frame.write('TZ', 0, 'latin1')
  frame[2] = FRAME.version
  frame[3] = FRAME.set
  frame.writeUInt32LE(size, 4)
  writeSet(new Writer(frame, FRAME.header), set, session)
  return frame
}

interface Sink {
  u8(value: number): void
  u16(value: number): void
  u32(value: number): void
  u64(value: bigint): void
  str(text: string, limit: number): void
  bytes(value: Buffer): void
  /** Without a length. */
  raw(value: Buffer): void
  /** A record: its type, the length of what `body` writes, and that. */
  record(type: number, body: (sink: Sink) => void): void
  readonly length: number
}

function writeSet(sink: Sink, set: LaunchSet, session: SessionMeta): number {
  let records = 0
  const record = (type: number, body: (sink: Sink) => void) => {
    sink.record(type, body)
    records++
  }
  record(RECORD.meta, (body) => writeMeta(body, session, secretCount(set)))
  for (const entry of set.entries) record(RECORD.entry, (body) => writeEntry(body, entry))
  for (const plan of set.plans) {
    record(RECORD.plan, (body) => writePlan(body, plan))
    for (const op of plan.ops) record(RECORD[op.op], (body) => writeOp(body, op))
  }
  record(RECORD.end, (body) => body.u32(records))
  return sink.length
}

function writeMeta(sink: Sink, session: SessionMeta, secrets: number): void {
  sink.u32(session.idle)
  sink.u32(session.max)
  sink.u32(session.refresh ?? 0)
  sink.u8(session.scope === 'terminal' ? 1 : 0)
  sink.u8(session.cause === 'refresh' ? 1 : 0)
  sink.u8(session.lockOnExit ? 1 : 0)
  sink.u8(session.proven ? 1 : 0)
  sink.u32(session.proof ?? 0)
  const { config, digest } = session
  sink.u8(config === undefined ? 0 : 1)
  for (const field of ['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs'] as const) sink.u64(config?.[field] ?? 0n)
  sink.raw(digest === undefined ? Buffer.alloc(DIGEST_BYTES) : Buffer.from(digest, 'hex'))
  sink.str(session.label, SET_LIMITS.nameBytes)
  sink.str(session.root, SET_LIMITS.pathBytes)
  sink.str(session.provider, SET_LIMITS.nameBytes)
  sink.u32(secrets)
}

function writeEntry(sink: Sink, entry: LaunchEntry): void {
  sink.u8(ENTRY[entry.kind])
  sink.str(entry.name, SET_LIMITS.nameBytes)
  sink.bytes(entry.value)
}

function writePlan(sink: Sink, plan: LaunchPlan): void {
  sink.str(plan.pattern, SET_LIMITS.nameBytes)
  sink.u16(plan.umask)
  sink.u32(plan.valid ?? 0)
}

function writeOp(sink: Sink, op: LaunchOp): void {
  switch (op.op) {
    case 'file':
      sink.u32(op.entry)
      sink.str(op.dir, SET_LIMITS.nameBytes)
      sink.str(op.file, SET_LIMITS.nameBytes)
      sink.u16(op.mode)
      sink.str(op.env, SET_LIMITS.nameBytes)
      break
    case 'value':
      sink.u32(op.entry)
      sink.str(op.env, SET_LIMITS.nameBytes)
      break
    case 'bind':
      sink.u32(op.entry)
      sink.str(op.target, SET_LIMITS.pathBytes)
      sink.u16(op.mode)
      break
    case 'env':
      sink.u8((op.ifUnset ? 1 : 0) | (op.withPrevious ? 2 : 0))
      sink.str(op.name, SET_LIMITS.nameBytes)
      sink.str(op.value, SET_LIMITS.envBytes)
      break
    case 'missing':
      sink.str(op.name, SET_LIMITS.nameBytes)
      break
  }
}

/** Counts the bytes and checks the bounds. */
class Measure implements Sink {
  length = 0

  u8(_value: number): void {
    this.length += 1
  }

  u16(_value: number): void {
    this.length += 2
  }

  u32(_value: number): void {
    this.length += 4
  }

  u64(_value: bigint): void {
    this.length += 8
  }

  str(text: string, limit: number): void {
    const size = Buffer.byteLength(text)
    if (size > limit || text.includes('\0'))
      throw new RangeError(`a string of ${size} bytes; the bound is ${limit}`)
    this.length += 2 + size
  }

  bytes(value: Buffer): void {
    if (value.length > SET_LIMITS.valueBytes) throw new RangeError(`a value of ${value.length} bytes`)
    this.length += 4 + value.length
  }

  raw(value: Buffer): void {
    this.length += value.length
  }

  record(_type: number, body: (sink: Sink) => void): void {
    this.length += 5
    body(this)
  }
}

class Writer implements Sink {
  readonly #target: Buffer
  #at: number

  constructor(target: Buffer, at: number) {
    this.#target = target
    this.#at = at
  }

  get length(): number {
    return this.#at
  }

  u8(value: number): void {
    this.#at = this.#target.writeUInt8(value, this.#at)
  }

  u16(value: number): void {
    this.#at = this.#target.writeUInt16LE(value, this.#at)
  }

  u32(value: number): void {
    this.#at = this.#target.writeUInt32LE(value, this.#at)
  }

  u64(value: bigint): void {
    this.#at = this.#target.writeBigUInt64LE(value, this.#at)
  }

  str(text: string, _limit: number): void {
    this.u16(Buffer.byteLength(text))
    this.#at += this.#target.write(text, this.#at)
  }

  bytes(value: Buffer): void {
    this.u32(value.length)
    this.raw(value)
  }

  raw(value: Buffer): void {
    this.#at += value.copy(this.#target, this.#at)
  }

  record(type: number, body: (sink: Sink) => void): void {
    this.u8(type)
    const lengthAt = this.#at
    this.u32(0)
    body(this)
    this.#target.writeUInt32LE(this.#at - lengthAt - 4, lengthAt)
  }
}
