import { join } from 'node:path'
import { err, ok, type Result } from '../../core/result.ts'
import type { UserPaths } from './paths.ts'
import { privateFolder, writePrivateFile } from './private-files.ts'

/** What a project's file names: for completion, which has no time for a parser of YAML. */
interface Names {
  secrets: readonly string[]
  /** Paths of binds. */
  binds: readonly string[]
}

/** A line each, and no line of its own for whoever writes one into a name. */
const isPlain = (name: string): boolean => !/\p{Cc}/u.test(name)

/**
 * Leaves the names of the project in `folder` where `tazpod ghost names` (native/client/names.c) reads them. Atomic,
 * mode 0600. Failures: those of private files.
 */
export async function writeNames(
  paths: UserPaths,
  folder: { dev: bigint; ino: bigint },
  { secrets, binds }: Names,
): Promise<Result<void>> {
  const place = await privateFolder(join(paths.state, 'names'))
  if (!place.ok) return place
  const lines = [
    ...secrets.filter(isPlain).map((name) => `secret ${name}\n`),
    ...binds.filter(isPlain).map((path) => `bind ${path}\n`),
  ]
  const path = join(paths.state, 'names', `${folder.dev.toString(16)}-${folder.ino.toString(16)}`)
  const bytes = Buffer.from(lines.join(''))
  return writePrivateFile(path, bytes, {
    check: async (back) =>
      back.equals(bytes) ? ok() : err({ reason: 'not-written', path, step: 'read back', code: 'EIO' }),
  })
}
