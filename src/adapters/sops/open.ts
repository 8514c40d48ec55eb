import { type OpenedLeaf, openSops } from '../../core/sops/decrypt.ts'
import type { SopsFile } from '../../core/sops/tree.ts'
import { anyIdentity, decryptWith } from '../vault/age-files.ts'
import { sopsCipher } from './cipher.ts'

/**
 * Every value of a file in clear, opened with the first identity that fits. The caller wipes them. Undefined: none fits,
 * or the file's rules are known to the sops program alone. Text: why not, completing "FILE …".
 */
export async function openWithKeys(
  file: SopsFile,
  identities: readonly Buffer[],
): Promise<OpenedLeaf[] | string | undefined> {
  if (file.meta.keyGroups > 1 || file.meta.commentRules) return undefined
  const key = await dataKey(file, identities)
  if (key === undefined) return undefined
  const leaves = openSops(file, key, sopsCipher)
  key.fill(0)
  return leaves
}

/** The key of a file's values; undefined: no identity opens one of its copies. The caller wipes it. */
async function dataKey(file: SopsFile, identities: readonly Buffer[]): Promise<Buffer | undefined> {
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
