import { gunzipSync } from 'node:zlib'
import type { Caller } from '../../app/session/caller.ts'
import { withVault } from '../../app/vault/identity.ts'
import { openVault } from '../../app/vault/open.ts'
import type { VaultPlace } from '../../app/vault/place.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { wipeDocument } from '../../core/vault/edit.ts'
import { isLocked, readText, writeText } from '../adapters/files.ts'
import { joinedParts } from '../core/state-parts.ts'
import { hasGrown, stateLineage, stateSerial } from '../core/terraform-state.ts'
import { type Castle, statePath } from './record.ts'
import { BACKUPS, type Backup, backupName, keepState, MAX_STATE } from './state-backup.ts'

/** A state that the vault keeps. */
interface KeptState {
  which: Backup
  /** ISO 8601: when it was put there. */
  kept: string
  /** Bytes, uncompressed. */
  size: number
  /** Terraform's own count of changes; null where the state says none. */
  serial: number | null
  /** Whether something that was made is in it. */
  grown: boolean
}

interface Restored {
  which: Backup
  path: string
  serial: number | null
  change: 'restored' | 'as it was'
}

/** The states of a castle that the vault has now. Earlier ones are in its earlier generations (`vault history`). */
export function keptStates(castle: Castle, caller: Caller): Promise<Result<KeptState[]>> {
  return withVault(caller, async (place, identity) => {
    const doc = await openVault(place, identity)
    if (!doc.ok) return doc
    const kept: KeptState[] = []
    for (const which of BACKUPS) {
      const file = joinedParts(doc.value, backupName(castle.record, which))
      const content = file && unpacked(file.content)
      file?.content.fill(0)
      if (file === undefined || content === undefined) continue
      kept.push({
        which,
        kept: file.updated,
        size: content.length,
        serial: stateSerial(content) ?? null,
        grown: hasGrown(content),
      })
      content.fill(0)
    }
    wipeDocument(doc.value)
    return ok(kept)
  })
}

/**
 * Puts a kept state where Terraform looks for it, 0600, at once. Another one that is there is overwritten with `force`
 * only, and is kept in the vault first.
 * Failures: castle-data (none is kept), castle-refused (another state is there; Terraform is at work), and those of
 * the vault and of files. Then the state is as it was.
 */
export async function restoreState(
  castle: Castle,
  which: Backup,
  force: boolean,
  caller: Caller,
): Promise<Result<Restored>> {
  const path = await statePath(castle)
  if (await isLocked(path))
    return err({
      reason: 'castle-refused',
      why: `Terraform is at work on this state: a process has its lock (${path})`,
      next: 'wait for its end, or end it: fuser -v terraform.tfstate',
    })
  return withVault<Restored>(caller, async (place, identity) => {
    const found = await kept(castle, which, place, identity)
    if (!found.ok) return found
    const now = await readText(path, MAX_STATE)
    try {
      if (!now.ok) return now
      const serial = stateSerial(found.value) ?? null
      const foreign = lineageProblem(castle, found.value, now.value)
      if (foreign !== undefined && !force)
        return err({ reason: 'castle-refused', why: foreign, next: forced(which) })
      if (now.value?.equals(found.value)) return ok({ which, path, serial, change: 'as it was' })
      if (now.value !== undefined && now.value.length > 0) {
        if (!force) return refused(path, stateSerial(now.value), serial, which)
        const safe = await keepState(place, identity, backupName(castle.record, 'replaced'), now.value)
        if (!safe.ok) return safe
      }
      const written = await writeText(path, found.value, 0o600)
      return written.ok ? ok({ which, path, serial, change: 'restored' }) : written
    } finally {
      found.value.fill(0)
      if (now.ok) now.value?.fill(0)
    }
  })
}

async function kept(
  castle: Castle,
  which: Backup,
  place: VaultPlace,
  identity: Buffer,
): Promise<Result<Buffer>> {
  const doc = await openVault(place, identity)
  if (!doc.ok) return doc
  const name = backupName(castle.record, which)
  const file = joinedParts(doc.value, name)
  const content = file && unpacked(file.content)
  file?.content.fill(0)
  wipeDocument(doc.value)
  if (content !== undefined) return ok(content)
  const why = file === undefined ? 'is not in the vault' : 'in the vault is no compressed state'
  return err({ reason: 'castle-data', what: name, why, next: 'tazpod castle restore' })
}

/** Undefined: it was not compressed by `backUpState`, or is larger than any state. */
function unpacked(content: Buffer): Buffer | undefined {
  try {
    return gunzipSync(content, { maxOutputLength: MAX_STATE })
  } catch {
    return undefined
  }
}

function refused(path: string, now: number | undefined, kept: number | null, which: Backup): Result<never> {
  return err({
    reason: 'castle-refused',
    why: `${path} has another state (serial ${now ?? 'unknown'}, the kept one ${kept ?? 'unknown'}): Terraform would forget what was built since`,
    next: forced(which),
  })
}

function forced(which: Backup): string {
  return `tazpod castle restore ${which} --force   (the present one is kept, as: replaced)`
}

/** Terraform gives each state a UUID when it makes it: another one is another castle's, or of an earlier life. */
function lineageProblem({ record }: Castle, kept: Buffer, now: Buffer | undefined): string | undefined {
  const known = (now && stateLineage(now)) ?? record.lineage
  const found = stateLineage(kept)
  return known === null || found === undefined || found === known
    ? undefined
    : `the kept state is not this one's: its lineage is ${found}, and castle ${record.name} has ${known}`
}
