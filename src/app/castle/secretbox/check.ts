import { createHash } from 'node:crypto'
import { readExisting } from '../../../adapters/castle-files.ts'
import { openBox } from '../../../adapters/secretbox.ts'
import { withDigest } from '../../../core/castle/bolt.ts'
import { boxesIn, isSecretKey, readEtcdFile, storedAs } from '../../../core/castle/etcd-values.ts'
import type { Life } from '../../../core/castle/record.ts'
import { keyBytes } from '../../../core/castle/secretbox-key.ts'
import { EXIT } from '../../../core/failure-text.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { OpenCastle } from '../access.ts'
import { fingerprintOf, openSealed } from '../guard.ts'

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

export interface EtcdReport {
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
    const bytes = stored.value && keyBytes(stored.value)
    const fingerprint = bytes && stored.value ? fingerprintOf(guard.value.key, stored.value) : null
    guard.value.key.fill(0)
    const found = stored.value !== undefined
    stored.value?.fill(0)
    const known = record.secretbox?.fingerprint
    const key = !found
      ? 'missing'
      : fingerprint === null
        ? 'invalid'
        : known === undefined
          ? 'unrecorded'
          : fingerprint === known
            ? 'right'
            : 'other'
    const report = etcd === undefined ? ok(null) : await checkEtcd(etcd, bytes)
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

function isGood(report: EtcdReport): boolean {
  return report.opened === report.secrets && report.secrets > 0 && report.olderClear === 0
}

async function checkEtcd(file: string, key: Buffer | undefined): Promise<Result<EtcdReport>> {
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
      const plain = key && (await firstOpened(key, stored.nonce, boxesIn(stored.box, read.kind)))
      if (plain !== undefined) {
        plain.fill(0)
        report.opened++
        continue
      }
      report.locked++
    }
    if (report.notOpened.length < 20) report.notOpened.push(at === '' ? '(the value)' : at)
  }
  return ok(report)
}

async function firstOpened(
  key: Buffer,
  nonce: Buffer,
  boxes: readonly Buffer[],
): Promise<Buffer | undefined> {
  for (const box of boxes) {
    const plain = await openBox(key, nonce, box)
    if (plain !== undefined) return plain
  }
  return undefined
}

function isWhole(snapshot: Buffer): boolean {
  const parts = withDigest(snapshot)
  return parts === undefined || createHash('sha256').update(parts.content).digest().equals(parts.digest)
}
