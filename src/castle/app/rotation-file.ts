import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { err, ok, type Result } from '../../core/result.ts'
import { readText, writeText } from '../adapters/files.ts'
import { FIRST_KEY_NAME, rotationOf } from '../core/record.ts'
import type { Castle } from './record.ts'

/** What terraform is told beside the keys: their names in etcd, and which one writes. Committed; no secret. */
export const ROTATION_FILE = 'rotation.auto.tfvars.json'

/** The variables in it. */
export const ROTATION_NAMES = [
  'talos_secretbox_key_name',
  'talos_secretbox_next_key_name',
  'talos_secretbox_next_first',
] as const

/**
 * Makes the file what the record says, also where git has put an older one back: a key under another name opens nothing
 * of what it wrote. A castle whose key was never rotated has none. Failure: io.
 */
export async function writeRotationFile({ folder, record }: Castle): Promise<Result<void>> {
  const path = join(folder, ROTATION_FILE)
  const there = await readText(path)
  if (!there.ok) return there
  const { name, next, nextFirst } = rotationOf(record)
  if (name === FIRST_KEY_NAME && record.next === null) {
    if (there.value === undefined) return ok()
    return rm(path, { force: true }).then(
      () => ok(),
      (error: NodeJS.ErrnoException) =>
        err({ reason: 'io', action: 'delete', path, code: error.code ?? 'EIO' } as const),
    )
  }
  const values: Record<(typeof ROTATION_NAMES)[number], unknown> = {
    talos_secretbox_key_name: name,
    talos_secretbox_next_key_name: next,
    talos_secretbox_next_first: nextFirst,
  }
  const text = Buffer.from(`${JSON.stringify(values, null, 2)}\n`)
  return there.value?.equals(text) === true ? ok() : writeText(path, text)
}
