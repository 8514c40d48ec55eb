import { randomBytes } from 'node:crypto'
import { err, ok, type Result } from '../../../core/result.ts'
import { FIRST_KEY_NAME, nextKeyName } from '../../core/record.ts'
import { isKey, KEY_BYTES, WHY_NOT } from '../../core/secretbox-key.ts'
import type { OpenCastle } from '../access.ts'
import { fingerprintOf, type Guard, oneSecret, openSealed, recordChange } from '../guard.ts'
import { stateFacts } from '../state-backup.ts'
import type { SecretStore } from '../store.ts'

export interface KeyState {
  castle: string
  /** Name of the secret in the store. */
  secret: string
  fingerprint: string
  /** `exists`: it was there. `replaced`: the cluster of the old key is recorded as destroyed. */
  outcome: 'created' | 'exists' | 'replaced'
}

/**
 * Makes the secretbox key of a castle, if it has none: 32 bytes of the kernel, straight into the store, read back and
 * compared. A key of a cluster that is not recorded as destroyed is never replaced.
 * Failures: castle-refused, castle-record, castle-data (what is stored is no key), and those of the store.
 */
export function newKey({ castle, withStore }: OpenCastle): Promise<Result<KeyState>> {
  return withStore(async (store) => {
    const guard = await openSealed(castle, store)
    if (!guard.ok) return guard
    return make(guard.value, store).finally(() => guard.value.key.fill(0))
  })
}

async function make(guard: Guard, store: SecretStore): Promise<Result<KeyState>> {
  const { record } = guard.castle
  const name = record.secrets.secretbox
  const stored = await store.read(name)
  if (!stored.ok) return stored
  const known = record.secretbox?.fingerprint
  const dead = record.life === 'destroyed'
  if (dead) {
    const facts = await stateFacts(guard.castle)
    if (!facts.ok) return facts
    if (facts.value.grown) return err(stillThere(record.name))
  }
  if (stored.value === undefined) {
    if (known !== undefined && !dead) return err(lost(name))
    const key = await oneSecret(store, name, freshKey)
    return key.ok ? settle(guard, key.value, 'created') : key
  }
  if (!isKey(stored.value)) return err(noKey(name, store.label))
  const fingerprint = fingerprintOf(guard.key, stored.value)
  if (dead && fingerprint === known) return reborn(guard, store, stored.value)
  if (known !== undefined && fingerprint !== known && !dead) {
    stored.value.fill(0)
    return err(changed(name, store.label))
  }
  return settle(guard, stored.value, 'exists')
}

/**
 * The key of the next life. Each life's key is kept under a numbered name: old snapshots need the old one, and of two
 * runs at the same time both take the one that was there first.
 */
async function reborn(guard: Guard, store: SecretStore, old: Buffer): Promise<Result<KeyState>> {
  const { record } = guard.castle
  const name = record.secrets.secretbox
  const kept = await oneSecret(store, `${name}_${record.deaths}`, () => Buffer.from(old))
  old.fill(0)
  if (!kept.ok) return kept
  kept.value.fill(0)
  const next = await oneSecret(store, `${name}_${record.deaths + 1}`, freshKey)
  if (!next.ok) return next
  const written = await store.upsert(name, next.value)
  if (!written.ok) return written
  const back = await store.read(name)
  if (!back.ok) return back
  const same = back.value?.equals(next.value) === true
  back.value?.fill(0)
  return same ? settle(guard, next.value, 'replaced') : err(changed(name, store.label))
}

async function settle(guard: Guard, key: Buffer, outcome: KeyState['outcome']): Promise<Result<KeyState>> {
  const valid = isKey(key)
  const fingerprint = fingerprintOf(guard.key, key)
  const rotating = outcome !== 'replaced' && guard.castle.record.next !== null
  const next =
    valid && !rotating ? await guard.store.upsert(nextKeyName(guard.castle.record), key) : undefined
  key.fill(0)
  if (!valid) return err(noKey(guard.castle.record.secrets.secretbox, 'the store'))
  if (next !== undefined && !next.ok) return next
  const { record } = guard.castle
  const life = record.life === 'destroyed' ? 'planned' : record.life
  const fresh = outcome === 'replaced' && { keyName: FIRST_KEY_NAME, next: null }
  const recorded = await recordChange(guard, { fingerprint, life, ...fresh })
  if (!recorded.ok) return recorded
  return ok({ castle: record.name, secret: record.secrets.secretbox, fingerprint, outcome })
}

/** 32 bytes of the kernel, as Talos writes them. */
export function freshKey(): Buffer {
  const bytes = randomBytes(KEY_BYTES)
  const text = Buffer.from(bytes.toString('base64'))
  bytes.fill(0)
  return text
}

function stillThere(name: string) {
  return {
    reason: 'castle-refused',
    why: `castle ${name} is recorded as destroyed, but its state has machines: with another key they could not be read any more`,
    next: 'tazpod castle destroy',
  } as const
}

function lost(name: string) {
  return {
    reason: 'castle-refused',
    why: `the cluster is not recorded as destroyed, but ${name} is gone from the store. A new key would lock the cluster out of its own Secrets: ${WHY_NOT}`,
    next: 'talosctl get machineconfig -o yaml | tazpod castle secretbox adopt',
  } as const
}

function changed(name: string, label: string) {
  return {
    reason: 'castle-refused',
    why: `the key in ${label} (${name}) is not the one that this cluster was made with: ${WHY_NOT}. Nothing was changed`,
    next: `put the right key back, or: tazpod castle destroy`,
  } as const
}

function noKey(name: string, label: string) {
  return {
    reason: 'castle-data',
    what: `${name} in ${label}`,
    why: 'is no secretbox key: standard base64 of exactly 32 bytes, 44 characters without a newline',
    next: 'talosctl get machineconfig -o yaml | tazpod castle secretbox adopt',
  } as const
}
