import { isAbsolute, join, normalize } from 'node:path'
import { listWork, MAX_FILES, readWorkFile, type WorkFile } from '../../adapters/files/work-files.ts'
import { where } from '../../adapters/holder/client.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { MAX_VALUE, type StoredFile } from '../../core/vault/document.ts'
import { wipeDocument, withFiles } from '../../core/vault/edit.ts'
import type { VaultAccess } from '../vault/access.ts'
import { withIdentity } from '../vault/identity.ts'
import { updateVault } from '../vault/open.ts'

interface Saved {
  name: string
  /** Bytes. */
  size: number
}

/**
 * Puts files of `$TAZPOD_GHOST/work` into the vault, byte for byte, all or none. `names` are relative to `work`;
 * empty with `all` means every file there. While unlocked nothing is asked: the session keeps the identity.
 * Failures: usage, not-saved, too-large, and those of the vault.
 */
export async function saveFiles(
  access: VaultAccess,
  options: { ghost: string | undefined; names: readonly string[]; all: boolean },
): Promise<Result<Saved[]>> {
  const { ghost, names, all } = options
  if (ghost === undefined || !isAbsolute(ghost)) {
    return err({
      reason: 'usage',
      message: 'save works where the session is visible: in a command that tazpod started',
      next: 'tazpod exec -- tazpod save NAME',
    })
  }
  const here = await where()
  if (!here.ok) return here
  if (here.value.ghost !== ghost) {
    return err({
      reason: 'usage',
      message: 'the current folder does not belong to the project of this session: its vault is another one',
      next: 'cd to the project, then tazpod save NAME',
    })
  }
  const work = join(ghost, 'work')
  const wanted = all ? await listWork(work) : checkedNames(names)
  if (!wanted.ok) return wanted
  const files = await readAll(work, wanted.value)
  if (!files.ok) return files
  if (files.value.length === 0) return ok([])
  const updated = new Date().toISOString()
  const stored = files.value.map(({ name, content, mode }): [string, StoredFile] => [
    name,
    { content, mode, updated },
  ])
  const sizes = files.value.map(({ name, content }) => ({ name, size: content.length }))
  const done = await withIdentity(access, (identity) =>
    updateVault(access.place, identity, (doc) => withFiles(doc, new Map(stored))),
  ).finally(() => wipe(files.value))
  if (!done.ok) return done
  wipeDocument(done.value)
  return ok(sizes)
}

/** Names that stay inside `work`: no absolute path, no `..`, nothing that a list would not show as one line. */
function checkedNames(names: readonly string[]): Result<string[]> {
  if (names.length === 0) {
    return err({
      reason: 'usage',
      message: 'which files of $TAZPOD_GHOST/work?',
      next: 'tazpod save NAME… (or --all)',
    })
  }
  if (names.length > MAX_FILES) return err({ reason: 'usage', message: `at most ${MAX_FILES} files at once` })
  const clean: string[] = []
  for (const name of names) {
    const inside = normalize(name)
    const bad =
      isAbsolute(name) ||
      inside === '..' ||
      inside.startsWith('../') ||
      inside === '.' ||
      inside.endsWith('/')
    if (bad)
      return err({
        reason: 'not-saved',
        name,
        why: 'only names of files inside $TAZPOD_GHOST/work are taken',
      })
    clean.push(inside)
  }
  return ok([...new Set(clean)])
}

async function readAll(work: string, names: readonly string[]): Promise<Result<WorkFile[]>> {
  const files: WorkFile[] = []
  for (const name of names) {
    const file = await readWorkFile(work, name, MAX_VALUE)
    if (!file.ok) {
      wipe(files)
      return file
    }
    files.push(file.value)
  }
  return ok(files)
}

function wipe(files: readonly WorkFile[]): void {
  for (const { content } of files) content.fill(0)
}
