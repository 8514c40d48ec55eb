import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { err, ok, type Result } from '../../core/result.ts'
import type { UserPaths } from './paths.ts'
import { privateFolder, readPrivateFile, writePrivateFile } from './private-files.ts'

/** One content of tazpod.yaml that a person has agreed to. */
interface Trusted {
  /** Of the bytes, hex. */
  sha256: string
  /** Device and inode of the project's folder, in decimal: a copy elsewhere is another project. */
  dev: string
  ino: string
  /** ISO 8601. */
  at: string
  /** What it granted, one line each: shown as the difference when the file changes. */
  grants: string[]
}

const VERSION = 1
/** Earlier contents that stay trusted, so that switching branches does not ask each time. */
const KEEP = 20
const LIMIT = 4 * 1024 * 1024

/** Everything that was trusted for the file at this absolute path, newest first. None, or a damaged record: []. */
export async function readTrusted(paths: UserPaths, config: string): Promise<Result<Trusted[]>> {
  const bytes = await readPrivateFile(recordPath(paths, config), LIMIT)
  if (bytes.ok) return ok(parse(bytes.value, config))
  const { error } = bytes
  return error.reason === 'io' && error.code === 'ENOENT' ? ok([]) : bytes
}

/** Remembers a content as trusted. Atomic, mode 0600, outside the project. */
export async function addTrusted(paths: UserPaths, config: string, trusted: Trusted): Promise<Result<void>> {
  const folder = await privateFolder(join(paths.state, 'trust'))
  if (!folder.ok) return folder
  const before = await readTrusted(paths, config)
  if (!before.ok) return before
  const others = before.value.filter((t) => t.sha256 !== trusted.sha256)
  const record = { version: VERSION, path: config, trusted: [trusted, ...others].slice(0, KEEP) }
  const bytes = Buffer.from(`${JSON.stringify(record, null, 1)}\n`)
  const path = recordPath(paths, config)
  return writePrivateFile(path, bytes, {
    check: async (back) =>
      back.equals(bytes) ? ok() : err({ reason: 'not-written', path, step: 'read back', code: 'EIO' }),
  })
}

function recordPath(paths: UserPaths, config: string): string {
  return join(paths.state, 'trust', `${createHash('sha256').update(config).digest('hex')}.json`)
}

/** A record that can't be read trusts nothing: the person is asked again. */
function parse(bytes: Buffer, config: string): Trusted[] {
  try {
    const record = JSON.parse(bytes.toString('utf8')) as {
      version?: unknown
      path?: unknown
      trusted?: unknown
    }
    if (record.version !== VERSION || record.path !== config || !Array.isArray(record.trusted)) return []
    return record.trusted.filter(isTrusted)
  } catch {
    return []
  }
}

function isTrusted(value: unknown): value is Trusted {
  if (typeof value !== 'object' || value === null) return false
  const { sha256, dev, ino, at, grants } = value as Record<string, unknown>
  const texts = [sha256, dev, ino, at].every((field) => typeof field === 'string')
  return texts && Array.isArray(grants) && grants.every((line) => typeof line === 'string')
}
