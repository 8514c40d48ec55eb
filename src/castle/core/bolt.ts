/**
 * Reads the key-value pairs out of an etcd snapshot, which is a bbolt database: pages of a B+ tree, little-endian.
 * Only what that needs; nothing is trusted, every offset is checked.
 */

const MAGIC = 0xed0cdaed
const PAGE_HEADER = 16
const ELEMENT = 16
const BRANCH = 0x01
const LEAF = 0x02
const BUCKET = 0x01
const MAX_DEPTH = 64
const DIGEST = 32

class Damaged extends Error {}

interface Pair {
  key: string
  value: Buffer
}

interface Revisions {
  /** The newest value of each key that was not deleted. */
  latest: Pair[]
  /** Values that were replaced or deleted: they stay in the file until etcd compacts, for whoever reads the disk. */
  older: Pair[]
}

/** What etcd keeps of each key. Undefined: this is no bbolt file. Text: it is damaged. */
export function readRevisions(file: Buffer): Revisions | undefined | string {
  if (file.length < 4_096 || file.readUInt32LE(PAGE_HEADER) !== MAGIC) return undefined
  try {
    const latest = new Map<string, Buffer | undefined>()
    const older: Pair[] = []
    for (const { key: revision, value } of new Bolt(file).bucket('key')) {
      const pair = keyValue(value)
      const name = pair.key.toString('latin1')
      const before = latest.get(name)
      if (before !== undefined) older.push({ key: utf8(name), value: before })
      // Revisions come in order. A deletion is marked by a `t` behind the revision.
      latest.set(name, revision.at(-1) === 0x74 && revision.length === 18 ? undefined : pair.value)
    }
    const now = [...latest].flatMap(([name, value]) =>
      value === undefined ? [] : [{ key: utf8(name), value }],
    )
    return { latest: now, older }
  } catch (error) {
    if (error instanceof Damaged || error instanceof RangeError) return 'this snapshot is cut off or damaged'
    throw error
  }
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8')
}

/**
 * A snapshot that etcd sent has the SHA-256 of all that stands before it as its last 32 bytes; a copied database file
 * has none. They are told apart as etcd does it: pages are multiples of 512 (etcdutl `snapshot/v3_snapshot.go`,
 * hasChecksum). Undefined: no digest.
 */
export function withDigest(file: Buffer): { content: Buffer; digest: Buffer } | undefined {
  if (file.length % 512 !== DIGEST) return undefined
  return { content: file.subarray(0, -DIGEST), digest: file.subarray(-DIGEST) }
}

interface Item {
  key: Buffer
  value: Buffer
  bucket: boolean
}

class Bolt {
  readonly #file: Buffer
  readonly #pageSize: number
  readonly #root: number

  constructor(file: Buffer) {
    this.#file = file
    this.#pageSize = file.readUInt32LE(PAGE_HEADER + 8)
    if (this.#pageSize < 1_024 || this.#pageSize > 65_536) throw new Damaged()
    const metas = [0, this.#pageSize].map((at) => this.#meta(at)).filter((meta) => meta !== undefined)
    const newest = metas.sort((a, b) => Number(b.txid - a.txid))[0]
    if (newest === undefined) throw new Damaged()
    this.#root = newest.root
  }

  /** A copy of the two that hold the root; the one whose checksum is right and that is newer counts. */
  #meta(page: number): { root: number; txid: bigint } | undefined {
    const at = page + PAGE_HEADER
    if (this.#file.length < at + 64 || this.#file.readUInt32LE(at) !== MAGIC) return undefined
    if (fnv(this.#file.subarray(at, at + 56)) !== this.#file.readBigUInt64LE(at + 56)) return undefined
    return { root: Number(this.#file.readBigUInt64LE(at + 16)), txid: this.#file.readBigUInt64LE(at + 48) }
  }

  *bucket(name: string): Generator<Item> {
    for (const item of this.#page(this.#root, 0, new Set())) {
      if (!item.bucket || item.key.toString('latin1') !== name) continue
      const root = Number(item.value.readBigUInt64LE(0))
      if (root === 0)
        yield* this.#leaf(item.value.subarray(16)) // small buckets sit inside their parent
      else yield* this.#page(root, 0, new Set())
    }
  }

  *#page(id: number, depth: number, seen: Set<number>): Generator<Item> {
    if (depth > MAX_DEPTH || seen.has(id)) throw new Damaged()
    seen.add(id)
    const page = this.#file.subarray(id * this.#pageSize)
    if (page.length < PAGE_HEADER) throw new Damaged()
    const flags = page.readUInt16LE(8)
    if ((flags & LEAF) !== 0) yield* this.#leaf(page)
    else if ((flags & BRANCH) !== 0) {
      const count = page.readUInt16LE(10)
      for (let i = 0; i < count; i++) {
        const child = Number(page.readBigUInt64LE(PAGE_HEADER + i * ELEMENT + 8))
        yield* this.#page(child, depth + 1, seen)
      }
    } else throw new Damaged()
  }

  *#leaf(page: Buffer): Generator<Item> {
    if ((page.readUInt16LE(8) & LEAF) === 0) throw new Damaged()
    const count = page.readUInt16LE(10)
    for (let i = 0; i < count; i++) {
      const at = PAGE_HEADER + i * ELEMENT
      const key = at + page.readUInt32LE(at + 4)
      const value = key + page.readUInt32LE(at + 8)
      const end = value + page.readUInt32LE(at + 12)
      if (end > page.length) throw new Damaged()
      const bucket = (page.readUInt32LE(at) & BUCKET) !== 0
      yield { key: page.subarray(key, value), value: page.subarray(value, end), bucket }
    }
  }
}

function fnv(bytes: Buffer): bigint {
  let hash = 0xcbf29ce484222325n
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn
  return hash
}

/** mvccpb.KeyValue: field 1 is the key, field 5 the value, the others are numbers. */
function keyValue(message: Buffer): { key: Buffer; value: Buffer } {
  let key: Buffer = Buffer.alloc(0)
  let value: Buffer = Buffer.alloc(0)
  for (let at = 0; at < message.length; ) {
    const tag = varint(message, at)
    at = tag.next
    const field = varint(message, at)
    at = field.next
    if ((tag.value & 7) === 0) continue
    if ((tag.value & 7) !== 2 || at + field.value > message.length) throw new Damaged()
    const bytes = message.subarray(at, at + field.value)
    at += field.value
    if (tag.value >> 3 === 1) key = bytes
    else if (tag.value >> 3 === 5) value = bytes
  }
  return { key, value }
}

function varint(bytes: Buffer, start: number): { value: number; next: number } {
  let value = 0
  for (let at = start; at < start + 10; at++) {
    const byte = bytes[at]
    if (byte === undefined) throw new Damaged()
    value += (byte & 0x7f) * 2 ** (7 * (at - start))
    if (byte < 0x80) return { value, next: at + 1 }
  }
  throw new Damaged()
}
