import { gzipSync } from 'node:zlib'
import { readText } from '../../adapters/castle-files.ts'
import { ok, type Result } from '../../core/result.ts'
import { wipeDocument, withFiles } from '../../core/vault-edit.ts'
import { type AccessFlags, vaultAccess, withIdentity } from '../vault/access.ts'
import { updateVault } from '../vault/open.ts'
import { type Castle, statePath } from './record.ts'

const MAX_STATE = 256 * 1024 * 1024

/** Name of the saved state in the vault; its earlier generations hold earlier states. */
export function backupName(castle: string, when: 'before' | 'after'): string {
  return `castles/${castle}/${when}.tfstate.gz`
}

/**
 * Keeps the state, compressed, in the vault. A castle without a state has nothing to keep. Failures: too-large (over
 * 1 MiB compressed), and those of the vault.
 */
export async function backUpState(
  castle: Castle,
  when: 'before' | 'after',
  flags: AccessFlags,
): Promise<Result<number>> {
  const state = await readText(await statePath(castle), MAX_STATE)
  if (!state.ok) return state
  if (state.value === undefined || state.value.length === 0) return ok(0)
  const content = gzipSync(state.value)
  state.value.fill(0)
  const access = await vaultAccess(flags)
  if (!access.ok) return access
  const name = backupName(castle.record.name, when)
  const file = { content, mode: 0o600, updated: new Date().toISOString() }
  const done = await withIdentity(access.value, (identity) =>
    updateVault(access.value.place, identity, (doc) => {
      const old = doc.files.get(name)?.content
      return old?.equals(content) === true ? ok(doc) : withFiles(doc, new Map([[name, file]]))
    }),
  )
  const size = content.length
  content.fill(0)
  if (!done.ok) return done
  wipeDocument(done.value)
  return ok(size)
}
