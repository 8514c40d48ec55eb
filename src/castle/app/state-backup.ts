import { gzipSync } from 'node:zlib'
import type { Caller } from '../../app/session/caller.ts'
import { withVault } from '../../app/vault/identity.ts'
import { updateVault } from '../../app/vault/open.ts'
import type { VaultPlace } from '../../app/vault/place.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { wipeDocument } from '../../core/vault/edit.ts'
import { readText } from '../adapters/files.ts'
import { type CastleRecord, stateFolder } from '../core/record.ts'
import { joinedParts, MAX_PARTED, withParts } from '../core/state-parts.ts'
import { hasGrown, stateLineage } from '../core/terraform-state.ts'
import { type Castle, statePath } from './record.ts'

/** Bytes, uncompressed. */
export const MAX_STATE = 256 * 1024 * 1024

/** From before and after a run that changes it; `replaced`: what `castle restore --force` found. */
export const BACKUPS = ['before', 'after', 'replaced'] as const
export type Backup = (typeof BACKUPS)[number]

/** Name of the saved state in the vault; its earlier generations hold earlier states. */
export function backupName(record: CastleRecord, when: Backup): string {
  return `${stateFolder(record)}/${when}.tfstate.gz`
}

/** What a state says of itself, without its secrets. */
interface StateFacts {
  /** Whether something that was made is in it. */
  grown: boolean
  lineage: string | undefined
}

/** Failures: too-large, io. */
export async function stateFacts(castle: Castle): Promise<Result<StateFacts>> {
  const state = await readText(await statePath(castle), MAX_STATE)
  if (!state.ok) return state
  const facts = { grown: state.value !== undefined && hasGrown(state.value), lineage: undefined }
  const lineage = state.value && stateLineage(state.value)
  state.value?.fill(0)
  return ok({ ...facts, lineage })
}

/**
 * Keeps the state, compressed, in the vault. A castle without a state has nothing to keep. Failures: too-large (over
 * 64 MiB compressed), and those of the vault.
 */
export async function backUpState(castle: Castle, when: Backup, caller: Caller): Promise<Result<number>> {
  const state = await readText(await statePath(castle), MAX_STATE)
  if (!state.ok) return state
  if (state.value === undefined || state.value.length === 0) return ok(0)
  const { value } = state
  const name = backupName(castle.record, when)
  return withVault(caller, (place, identity) => keepState(place, identity, name, value)).finally(() =>
    value.fill(0),
  )
}

/** Puts a state into the opened vault, and says how many bytes it has there. */
export async function keepState(
  place: VaultPlace,
  identity: Buffer,
  name: string,
  state: Buffer,
): Promise<Result<number>> {
  const content = gzipSync(state)
  const size = content.length
  if (size > MAX_PARTED)
    return err({ reason: 'too-large', what: 'the compressed state', size, limit: MAX_PARTED })
  const about = { mode: 0o600, updated: new Date().toISOString() }
  const done = await updateVault(place, identity, (doc) => {
    const old = joinedParts(doc, name)?.content
    const same = old?.equals(content) === true
    old?.fill(0)
    return ok(same ? doc : withParts(doc, name, content, about))
  })
  content.fill(0)
  if (!done.ok) return done
  wipeDocument(done.value)
  return ok(size)
}
