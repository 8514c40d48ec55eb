import { createHash } from 'node:crypto'
import { access, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { err, ok, type Result } from '../../core/result.ts'
import type { UserPaths } from '../files/paths.ts'
import { privateFolder, writePrivateFile } from '../files/private-files.ts'

/**
 * Notes that the desktop's secret service keeps the passphrase of a vault, as an empty file. Without the note the
 * service is never asked: asking may open a dialog, and most people never chose `--remember`.
 */

/** Whether the passphrase of the vault with this identity file was remembered on this machine. */
export async function isRemembered(paths: UserPaths, identity: string): Promise<boolean> {
  return access(notePath(paths, identity)).then(
    () => true,
    () => false,
  )
}

/** Failures: those of private files. */
export async function noteRemembered(paths: UserPaths, identity: string): Promise<Result<void>> {
  const folder = await privateFolder(join(paths.state, 'remember'))
  if (!folder.ok) return folder
  const path = notePath(paths, identity)
  return writePrivateFile(path, Buffer.alloc(0), {
    check: async (back) =>
      back.length === 0 ? ok() : err({ reason: 'not-written', path, step: 'read back', code: 'EIO' }),
  })
}

/** Removes the note; none there is fine. */
export async function noteForgotten(paths: UserPaths, identity: string): Promise<void> {
  await rm(notePath(paths, identity), { force: true })
}

function notePath(paths: UserPaths, identity: string): string {
  return join(paths.state, 'remember', createHash('sha256').update(identity).digest('hex'))
}
