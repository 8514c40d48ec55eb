import type { SopsFile } from '../../core/sops/tree.ts'
import { anyIdentity, decryptWith } from '../vault/age-files.ts'

/** The key of a file's values, with the first identity that opens one of its copies; undefined: none does. The caller wipes it. */
export async function dataKey(file: SopsFile, identities: readonly Buffer[]): Promise<Buffer | undefined> {
  for (const armored of file.meta.age) {
    for (const identity of identities) {
      const key = await decryptWith(Buffer.from(armored), identity)
      if (key.ok && key.value.length === 32) return key.value
      if (key.ok) key.value.fill(0)
    }
  }
  return undefined
}

/** Every identity of a key file: one a line, comments between them. */
export async function identitiesIn(text: Buffer): Promise<Buffer[]> {
  const lines = text
    .toString('latin1')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => /^AGE-SECRET-KEY-(PQ-)?1/.test(line))
  const found = await Promise.all(lines.map((line) => anyIdentity(Buffer.from(line))))
  return found.filter((one) => one !== undefined)
}
