import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { join } from 'node:path'
import {
  type CastleRecord,
  type Life,
  RECORD_NAME,
  recordKeyName,
  sealedText,
} from '../../core/castle/record.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { type Castle, readCastle, writeRecord } from './record.ts'
import type { SecretStore } from './store.ts'

/**
 * The record of a castle with the key that makes its fingerprints and its seal. That key is a secret of its own in
 * the store: without it a fingerprint tells nothing about the secretbox key, and a seal can't be made.
 */
export interface Guard {
  castle: Castle
  key: Buffer
  /** Whether the seal fits; only `adopt` goes on without, because the running cluster proves the key. */
  sealed: boolean
}

/** Opens the record and its key, which is made by the first use. Failures: castle-record, and those of the store. */
export async function openGuard(castle: Castle, store: SecretStore): Promise<Result<Guard>> {
  const name = recordKeyName(castle.record)
  const key = await oneSecret(store, name, () => Buffer.from(randomBytes(32).toString('hex')))
  if (!key.ok) return key
  // Read again: another process may have recorded something while the store was opened.
  const fresh = await readCastle(castle.folder)
  if (!fresh.ok) return fresh
  const { record } = fresh.value
  const expected = sealOf(record, key.value)
  const untouched = record.seal === null && record.life === 'planned' && record.secretbox === null
  const sealed =
    record.seal === null ? untouched : timingSafeEqual(Buffer.from(record.seal), Buffer.from(expected))
  return ok({ castle: fresh.value, key: key.value, sealed })
}

/** As `openGuard`, and refuses a record that was changed by hand. */
export async function openSealed(castle: Castle, store: SecretStore): Promise<Result<Guard>> {
  const guard = await openGuard(castle, store)
  if (!guard.ok || guard.value.sealed) return guard
  guard.value.key.fill(0)
  return err({
    reason: 'castle-record',
    path: join(castle.folder, RECORD_NAME),
    why: 'it was changed outside of tazpod, or belongs to another store: its seal does not fit. What it says about the key of a living cluster can not be believed',
    next: `git checkout -- ${RECORD_NAME}   (or prove the running key: tazpod castle secretbox adopt)`,
  })
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

/** Writes what is new about the castle, sealed. `life` counts from now where it changes. */
export async function recordChange(
  { castle, key }: Guard,
  change: { life?: Life; fingerprint?: string; deaths?: number },
): Promise<Result<Castle>> {
  const now = new Date().toISOString()
  const { record } = castle
  const moved = change.life !== undefined && change.life !== record.life
  const same = change.fingerprint === undefined || change.fingerprint === record.secretbox?.fingerprint
  const next: CastleRecord = {
    ...record,
    life: change.life ?? record.life,
    since: moved ? now : record.since,
    deaths: change.deaths ?? record.deaths,
    secretbox: same ? record.secretbox : { fingerprint: change.fingerprint ?? '', recorded: now },
  }
  next.seal = sealOf(next, key)
  const written = await writeRecord({ folder: castle.folder, record: next })
  return written.ok ? ok({ folder: castle.folder, record: next }) : written
}
