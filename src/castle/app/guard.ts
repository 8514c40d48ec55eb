import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import { err, ok, type Result } from '../../core/result.ts'
import {
  type CastleRecord,
  formatRecord,
  isSameCastle,
  type Life,
  parseRecord,
  RECORD_NAME,
  recordCopyName,
  recordKeyName,
  rotationOf,
  sealedText,
} from '../core/record.ts'
import { type Castle, readCastle, writeRecord } from './record.ts'
import type { SecretStore } from './store.ts'

/**
 * The record of a castle with the key that makes its fingerprints and its seal. That key is a secret of its own in
 * the store: without it a fingerprint tells nothing about the secretbox key, and a seal can't be made.
 */
export interface Guard {
  castle: Castle
  key: Buffer
  store: SecretStore
  /** Whether the seal fits; only `adopt` goes on without, because the running cluster proves the key. */
  sealed: boolean
  /** What the store has as the last record; a newer one than the file's: that came from git or a backup. */
  last: CastleRecord | undefined
}

/** Opens the record and its key, which is made by the first use. Failures: castle-record, and those of the store. */
export async function openGuard(castle: Castle, store: SecretStore): Promise<Result<Guard>> {
  const name = recordKeyName(castle.record)
  const key = await oneSecret(store, name, () => Buffer.from(randomBytes(32).toString('hex')))
  if (!key.ok) return key
  // Read again: another process may have recorded something while the store was opened.
  const fresh = await readCastle(castle.folder)
  const copy = fresh.ok ? await storedRecord(store, fresh.value.record, key.value) : fresh
  if (!fresh.ok || !copy.ok) {
    key.value.fill(0)
    return fresh.ok ? (copy as Result<never>) : fresh
  }
  const { record } = fresh.value
  const untouched = record.seal === null && record.life === 'planned' && record.secretbox === null
  const sealed = record.seal === null ? untouched : sealFits(record, key.value)
  return ok({ castle: fresh.value, key: key.value, store, sealed, last: copy.value })
}

/** The store's copy; undefined where there is none yet, or it is none of this castle. */
async function storedRecord(
  store: SecretStore,
  record: CastleRecord,
  key: Buffer,
): Promise<Result<CastleRecord | undefined>> {
  const name = recordCopyName(record)
  const bytes = await store.read(name)
  if (!bytes.ok) return bytes
  if (bytes.value === undefined) return ok(undefined)
  const copy = parseRecord(bytes.value, name)
  const good = copy.ok && isSameCastle(copy.value, record) && sealFits(copy.value, key)
  return ok(good ? copy.value : undefined)
}

function sealFits(record: CastleRecord, key: Buffer): boolean {
  return record.seal !== null && timingSafeEqual(Buffer.from(record.seal), Buffer.from(sealOf(record, key)))
}

/** As `openGuard`, and refuses a record that was changed by hand, or that is not the last one. */
export async function openSealed(castle: Castle, store: SecretStore): Promise<Result<Guard>> {
  const guard = await openGuard(castle, store)
  if (!guard.ok) return guard
  const { key, sealed, last } = guard.value
  const now = guard.value.castle.record
  const isOlder = last !== undefined && last.changes > now.changes
  if (sealed && !isOlder) return guard
  key.fill(0)
  const path = join(castle.folder, RECORD_NAME)
  if (sealed && isOlder)
    return err({
      reason: 'castle-record',
      path,
      why: `it is an older one (change ${now.changes}: ${now.life}; ${store.label} has change ${last.changes}: ${last.life}). What it says about the key of a living cluster is no longer so`,
      next: 'git pull   (or take the last one from the store: tazpod castle restore record)',
    })
  return err({
    reason: 'castle-record',
    path,
    why: 'it was changed outside of tazpod, or belongs to another store: its seal does not fit. What it says about the key of a living cluster can not be believed',
    next: 'tazpod castle restore record   (or prove the running key: tazpod castle secretbox adopt)',
  })
}

/**
 * Puts the last record that the store knows in the place of the file. Failures: castle-data (it knows none), and those
 * of files and the store.
 */
export async function restoreRecord(castle: Castle, store: SecretStore): Promise<Result<Castle>> {
  const guard = await openGuard(castle, store)
  if (!guard.ok) return guard
  guard.value.key.fill(0)
  const { last } = guard.value
  if (last === undefined)
    return err({
      reason: 'castle-data',
      what: recordCopyName(castle.record),
      why: `is not in ${store.label}: nothing was recorded of this castle yet`,
      next: `git checkout -- ${RECORD_NAME}`,
    })
  const restored = { folder: castle.folder, record: last }
  const written = await writeRecord(restored)
  return written.ok ? ok(restored) : written
}

/** A secret that exists once: created if absent, read back, and the same for everybody who came at the same time. */
export async function oneSecret(
  store: SecretStore,
  name: string,
  make: () => Buffer,
): Promise<Result<Buffer>> {
  const there = await store.read(name)
  if (!there.ok) return there
  if (there.value !== undefined) return ok(there.value)
  const fresh = make()
  const made = await store.createIfAbsent(name, fresh)
  if (!made.ok) {
    fresh.fill(0)
    return made
  }
  const back = await store.read(name)
  const lost = !back.ok || back.value === undefined
  const differs = !lost && made.value === 'created' && !back.value.equals(fresh)
  fresh.fill(0)
  if (!back.ok) return back
  if (back.value !== undefined && !differs) return ok(back.value)
  return err({
    reason: 'castle-refused',
    why: `${store.label} did not give back what was written to ${name}`,
    next: 'the same command again',
  })
}

/** Keyed: nobody without the store learns or guesses anything from it. */
export function fingerprintOf(guardKey: Buffer, secretbox: Buffer): string {
  return createHmac('sha256', guardKey).update('tazpod-secretbox-1\n').update(secretbox).digest('hex')
}

function sealOf(record: CastleRecord, key: Buffer): string {
  return createHmac('sha256', key).update(sealedText(record)).digest('hex')
}

export interface RecordChange {
  life?: Life
  fingerprint?: string
  /** Name of the key in etcd. */
  keyName?: string
  /** Null: no key takes over. */
  next?: CastleRecord['next']
  deaths?: number
  lineage?: string
}

/**
 * Writes what is new about the castle, sealed: into the file, and then into the store, where only the last one is. Cut
 * off between the two, the file is the newer one, and proves it by its seal. `life` counts from now where it changes.
 */
export async function recordChange(
  { castle, key, store, last }: Guard,
  change: RecordChange,
): Promise<Result<Castle>> {
  const now = new Date().toISOString()
  const { record } = castle
  const moved = change.life !== undefined && change.life !== record.life
  const keyName = change.keyName ?? rotationOf(record).name
  const same =
    (change.fingerprint === undefined || change.fingerprint === record.secretbox?.fingerprint) &&
    (record.secretbox === null || keyName === record.secretbox.name)
  const fingerprint = change.fingerprint ?? record.secretbox?.fingerprint ?? ''
  const next: CastleRecord = {
    ...record,
    version: 2,
    id: record.id ?? randomUUID(),
    life: change.life ?? record.life,
    since: moved ? now : record.since,
    deaths: change.deaths ?? record.deaths,
    lineage: change.lineage ?? record.lineage,
    secretbox: same ? record.secretbox : { fingerprint, recorded: now, name: keyName },
    next: change.next === undefined ? record.next : change.next,
  }
  const changed = record.version === 1 || sealedText(next) !== sealedText(record) || record.seal === null
  if (!changed && last !== undefined) return ok(castle)
  if (changed) {
    next.changes = Math.max(record.changes, last?.changes ?? 0) + 1
    next.seal = sealOf(next, key)
    const written = await writeRecord({ folder: castle.folder, record: next })
    if (!written.ok) return written
  }
  const done = ok({ folder: castle.folder, record: next })
  const copied = await store.upsert(recordCopyName(next), formatRecord(next).subarray(0, -1))
  if (copied.ok) return done
  // Of several runs at once another one may have written the same change between the write and its reading back.
  const there = await storedRecord(store, next, key)
  return there.ok && there.value !== undefined && there.value.changes >= next.changes ? done : copied
}
