import { MAX_VALUE, type StoredFile, type VaultDocument } from '../../core/vault/document.ts'

/** More parts than any state needs: 64 MiB compressed. */
const MAX_PARTS = 64

/** The parts of a file that is larger than one of the vault may be: `NAME`, `NAME.2`, `NAME.3`, … */
function partName(name: string, number: number): string {
  return number === 1 ? name : `${name}.${number}`
}

/** The document with `content` under `name`, in as many parts as it needs; those of an earlier, larger one are gone. */
export function withParts(
  doc: VaultDocument,
  name: string,
  content: Buffer,
  about: Omit<StoredFile, 'content'>,
): VaultDocument {
  const files = new Map(doc.files)
  for (let number = 1; number <= MAX_PARTS; number++) files.delete(partName(name, number))
  for (let number = 1, at = 0; at < content.length; number++, at += MAX_VALUE)
    files.set(partName(name, number), {
      ...about,
      content: Buffer.from(content.subarray(at, at + MAX_VALUE)),
    })
  return { ...doc, files }
}

/** What `withParts` kept, in one piece that the caller wipes; undefined where there is none. */
export function joinedParts(doc: VaultDocument, name: string): StoredFile | undefined {
  const first = doc.files.get(name)
  if (first === undefined) return undefined
  const parts: Buffer[] = []
  for (let number = 1; number <= MAX_PARTS; number++) {
    const part = doc.files.get(partName(name, number))
    if (part === undefined) break
    parts.push(part.content)
  }
  return { ...first, content: Buffer.concat(parts) }
}

/** Bytes, compressed. */
export const MAX_PARTED = MAX_PARTS * MAX_VALUE
