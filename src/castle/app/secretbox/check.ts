import { createHash } from 'node:crypto'
import { EXIT } from '../../../core/failure/exit.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import { readExisting } from '../../adapters/files.ts'
import { openBox } from '../../adapters/secretbox.ts'
import { withDigest } from '../../core/bolt.ts'
import { boxesIn, isSecretKey, readEtcdFile, storedAs } from '../../core/etcd-values.ts'
import { type CastleRecord, type Life, nextKeyName, oldKeyName, rotationOf } from '../../core/record.ts'
import { keyBytes } from '../../core/secretbox-key.ts'
import type { OpenCastle } from '../access.ts'
import { fingerprintOf, openSealed } from '../guard.ts'
import type { SecretStore } from '../store.ts'

/** Larger than etcd's own default limit of its database is no snapshot. */
const MAX_ETCD = 2_000_000_000

export interface KeyCheck {
  castle: string
  life: Life
  secret: string
  /** `missing`: not in the store. `invalid`: no key of Talos. `other`: not the one that is recorded. */
  key: 'right' | 'unrecorded' | 'missing' | 'invalid' | 'other'
  fingerprint: string | null
  etcd: EtcdReport | null
  exitCode: number
}

interface EtcdReport {
  file: string
  kind: 'snapshot' | 'json' | 'value'
  /** Values that hold Secrets. */
  secrets: number
  opened: number
  /** Encrypted with a key that is not ours, or changed. */
  locked: number
  /** In clear text: everybody with the disk of a node reads them. */
  clear: number
  /** Encrypted by something else than secretbox. */
  otherwise: number
  /** Too short, or no value of Kubernetes. */
  unreadable: number
  /** Values that were replaced or deleted, in clear text, and not yet removed by a compaction. */
  olderClear: number
  /** Names of the keys that the values say. */
  keyNames: string[]
  /** How many values each of our keys opened: the one of now, the one that takes over, those of before. */
  openedBy: { key: string; which: 'current' | 'next' | 'old'; values: number }[]
  /** Secrets that the stored key does not open: their keys in etcd, at most 20. */
  notOpened: string[]
}

/**
 * Says whether the stored key is the recorded one and, of an etcd file, whether its Secrets are encrypted and whether
 * this key opens them. Exit code 65 when anything is not as it should be.
 */
export function checkKey(
  { castle, withStore }: OpenCastle,
  etcd: string | undefined,
): Promise<Result<KeyCheck>> {
  return withStore(async (store) => {
    const guard = await openSealed(castle, store)
    if (!guard.ok) return guard
    const { record } = guard.value.castle
    const name = record.secrets.secretbox
    const stored = await store.read(name)
    if (!stored.ok) return stored
    const next = await store.read(nextKeyName(record))
    if (!next.ok) return next
    const bytes = stored.value && keyBytes(stored.value)
    const fingerprint = bytes && stored.value ? fingerprintOf(guard.value.key, stored.value) : null
    const nextPrint = next.value && fingerprintOf(guard.value.key, next.value)
    guard.value.key.fill(0)
    const found = stored.value !== undefined
    stored.value?.fill(0)
    const known = record.secretbox?.fingerprint
    // What takes over is bound into terraform as well: another one there would be rolled out beside the key.
    const foreign = nextPrint !== undefined && nextPrint !== (record.next?.fingerprint ?? known)
    const key = !found
      ? 'missing'
      : fingerprint === null
        ? 'invalid'
        : known === undefined
          ? 'unrecorded'
          : fingerprint === known && !foreign
            ? 'right'
            : 'other'
    const keys =
      etcd === undefined || bytes === undefined ? [] : await ourKeys(store, record, bytes, next.value)
    next.value?.fill(0)
    const report = etcd === undefined ? ok(null) : await checkEtcd(etcd, keys)
    for (const one of keys) one.bytes.fill(0)
    bytes?.fill(0)
    if (!report.ok) return report
    const good = ['right', 'unrecorded'].includes(key) && (report.value === null || isGood(report.value))
    return ok({
      castle: record.name,
      life: record.life,
      secret: name,
      key,
      fingerprint,
      etcd: report.value,
      exitCode: good ? 0 : EXIT.data,
    })
  })
}

/** What only an old key opens is lost with it. */
function isGood(report: EtcdReport): boolean {
  const old = report.openedBy.some(({ which }) => which === 'old')
  return report.opened === report.secrets && report.secrets > 0 && report.olderClear === 0 && !old
}

interface OurKey {
  key: string
  which: 'current' | 'next' | 'old'
  bytes: Buffer
}

/** The key of now first, then the one that takes over, then those of this life that others took over from. */
async function ourKeys(
  store: SecretStore,
  record: CastleRecord,
  current: Buffer,
  next: Buffer | undefined,
): Promise<OurKey[]> {
  const { name } = rotationOf(record)
  const keys: OurKey[] = [{ key: name, which: 'current', bytes: Buffer.from(current) }]
  const coming = record.next && next && keyBytes(next)
  if (record.next && coming) keys.push({ key: record.next.name, which: 'next', bytes: coming })
  for (let number = 2; number < Number(name.slice(3)); number++) {
    const old = await store.read(oldKeyName(record, `key${number}`))
    const bytes = old.ok && old.value ? keyBytes(old.value) : undefined
    if (old.ok) old.value?.fill(0)
    if (bytes !== undefined) keys.push({ key: `key${number}`, which: 'old', bytes })
  }
  return keys
}

async function checkEtcd(file: string, keys: readonly OurKey[]): Promise<Result<EtcdReport>> {
  const bytes = await readExisting(file, MAX_ETCD)
  if (!bytes.ok) return bytes
  const read = readEtcdFile(bytes.value)
  if (read.kind === 'damaged')
    return err({ reason: 'castle-data', what: file, why: `can't be read: ${read.why}` })
  if (read.kind === 'snapshot' && !isWhole(bytes.value))
    return err({
      reason: 'castle-data',
      what: file,
      why: 'is not what etcd wrote: the SHA-256 at its end does not fit, so nothing that it says is proved',
      next: 'take the snapshot again (talosctl etcd snapshot)',
    })
  const report: EtcdReport = {
    ...{ file, kind: read.kind, secrets: 0, opened: 0, locked: 0, clear: 0, otherwise: 0, unreadable: 0 },
    olderClear: read.older.filter(({ key: at, value }) => isSecretKey(at) && storedAs(value).kind === 'clear')
      .length,
    keyNames: [],
    openedBy: [],
    notOpened: [],
  }
  for (const { key: at, value } of read.values.filter((one) => isSecretKey(one.key))) {
    report.secrets++
    const stored = storedAs(value)
    if (stored.kind === 'clear') report.clear++
    else if (stored.kind === 'other-encryption') report.otherwise++
    else if (stored.kind !== 'secretbox') report.unreadable++
    else {
      if (!report.keyNames.includes(stored.keyName)) report.keyNames.push(stored.keyName)
      const by = await openedBy(keys, stored.nonce, boxesIn(stored.box, read.kind))
      if (by !== undefined) {
        const known = report.openedBy.find(({ key }) => key === by.key)
        if (known === undefined) report.openedBy.push({ key: by.key, which: by.which, values: 1 })
        else known.values++
        report.opened++
        continue
      }
      report.locked++
    }
    if (report.notOpened.length < 20) report.notOpened.push(at === '' ? '(the value)' : at)
  }
  return ok(report)
}

async function openedBy(
  keys: readonly OurKey[],
  nonce: Buffer,
  boxes: readonly Buffer[],
): Promise<OurKey | undefined> {
  for (const one of keys)
    for (const box of boxes) {
      const plain = await openBox(one.bytes, nonce, box)
      if (plain === undefined) continue
      plain.fill(0)
      return one
    }
  return undefined
}

function isWhole(snapshot: Buffer): boolean {
  const parts = withDigest(snapshot)
  return parts === undefined || createHash('sha256').update(parts.content).digest().equals(parts.digest)
}
