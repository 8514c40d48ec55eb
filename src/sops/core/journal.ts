import * as z from 'zod'
import { err, ok, type Result } from '../../core/result.ts'

/**
 * What a migration has done, so that it goes on after a kill and a second run does nothing. No value: of each a keyed
 * hash, whose key is in the store.
 */
export interface Journal {
  version: 1
  files: JournalFile[]
}

export interface JournalFile {
  path: string
  /** Of the encrypted file: one that changed since is migrated again. */
  sha256: string
  state: 'applied' | 'verified'
  values: { name: string; place: string; hash: string }[]
}

export const JOURNAL = '.tazpod/migrate-sops.json'

const hex = z.string().regex(/^[0-9a-f]{64}$/)
const schema = z.strictObject({
  version: z.literal(1),
  files: z.array(
    z.strictObject({
      path: z.string().min(1),
      sha256: hex,
      state: z.enum(['applied', 'verified']),
      values: z.array(z.strictObject({ name: z.string(), place: z.string(), hash: hex })),
    }),
  ),
})

export function parseJournal(bytes: Buffer, path: string): Result<Journal> {
  let data: unknown
  try {
    data = JSON.parse(bytes.toString('utf8'))
  } catch {
    data = undefined
  }
  const parsed = schema.safeParse(data)
  return parsed.success
    ? ok(parsed.data)
    : err({
        reason: 'castle-data',
        what: path,
        why: 'is not as tazpod wrote it',
        next: 'tazpod migrate sops --apply',
      })
}

export function formatJournal(journal: Journal): Buffer {
  return Buffer.from(`${JSON.stringify(journal, null, 2)}\n`)
}
