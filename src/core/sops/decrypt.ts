import { type Leaf, leaves, type SopsFile, type SopsMeta } from './tree.ts'

/** The cryptography that this needs: AES-256-GCM and SHA-512. */
export interface SopsCipher {
  /** Undefined: the key is wrong, or the value was changed. */
  open(key: Buffer, iv: Buffer, tag: Buffer, data: Buffer, aad: string): Buffer | undefined
  /** Hexadecimal. */
  sha512(pieces: readonly Buffer[]): string
}

export interface OpenedLeaf extends Leaf {
  encrypted: boolean
  /** What it is in clear; the caller wipes it. */
  value: Buffer
  type: string
}

const VALUE = /^ENC\[AES256_GCM,data:(.*),iv:(.+),tag:(.+),type:(.+)\]$/s

/** SOPS' own constant: a MAC over the encrypted values alone is never one over all. */
const ONLY_ENCRYPTED = Buffer.from('8a3fd2ad54ce66527b1034f3d147be0b0b975b3bf44f72c6fdadec8176f27d69', 'hex')

/**
 * Every value of a file in clear, after its MAC was verified: nothing of a file that was changed is given out.
 * Text: why not, completing "FILE …".
 */
export function openSops(file: SopsFile, key: Buffer, cipher: SopsCipher): OpenedLeaf[] | string {
  const isEncrypted = ruleOf(file.meta)
  if (typeof isEncrypted === 'string') return isEncrypted
  const opened: OpenedLeaf[] = []
  const hash: Buffer[] = file.meta.macOnlyEncrypted ? [ONLY_ENCRYPTED] : []
  const fail = (why: string): string => {
    for (const { value } of opened) value.fill(0)
    return why
  }
  for (const branch of file.branches) {
    for (const leaf of leaves(branch)) {
      const encrypted = isEncrypted(leaf.path)
      const one = encrypted ? openLeaf(leaf, key, cipher) : plainLeaf(leaf)
      if (one === undefined)
        return fail(`has a value that does not decrypt, at ${leaf.place.join('.')}: it was changed, or moved`)
      opened.push(one)
      if (encrypted || !file.meta.macOnlyEncrypted) hash.push(hashedForm(one))
    }
  }
  const mac = openText(file.meta.mac, key, cipher, file.meta.lastModified)
  if (mac === undefined) return fail('has a MAC that does not decrypt: the file was changed')
  const right = mac.toString('latin1').toUpperCase() === cipher.sha512(hash).toUpperCase()
  return right
    ? opened
    : fail('has a wrong MAC: values were added, removed, reordered or replaced after it was encrypted')
}

/** SOPS hashes a decrypted boolean as it hashes one in clear. */
function hashedForm({ type, value }: OpenedLeaf): Buffer {
  if (type !== 'bool') return value
  return Buffer.from(/^true$/i.test(value.toString()) ? 'True' : 'False')
}

/** A value as it stands. The caller wipes it. */
export function plainLeaf(leaf: Leaf): OpenedLeaf {
  return { ...leaf, encrypted: false, value: Buffer.from(leaf.text), type: leaf.isText ? 'str' : 'plain' }
}

function openLeaf(leaf: Leaf, key: Buffer, cipher: SopsCipher): OpenedLeaf | undefined {
  if (!leaf.isText) return undefined
  if (leaf.text === '') return { ...leaf, encrypted: true, value: Buffer.alloc(0), type: 'str' }
  const type = VALUE.exec(leaf.text)?.[4] ?? 'str'
  const value = openText(leaf.text, key, cipher, `${leaf.path.join(':')}:`)
  return value && { ...leaf, encrypted: true, value, type }
}

function openText(text: string, key: Buffer, cipher: SopsCipher, aad: string): Buffer | undefined {
  const match = VALUE.exec(text)
  if (match === null) return undefined
  const [data, iv, tag] = [match[1], match[2], match[3]].map((part) => Buffer.from(part ?? '', 'base64'))
  if (data === undefined || iv === undefined || tag?.length !== 16 || iv.length === 0) return undefined
  return cipher.open(key, iv, tag, data, aad)
}

/** Which values are encrypted. Text: a rule that can't be followed here. */
function ruleOf(meta: SopsMeta): ((path: readonly string[]) => boolean) | string {
  if (meta.commentRules) return 'chooses values by comments, which only the sops program knows'
  const { unencryptedSuffix: not, encryptedSuffix: only } = meta
  const notRegex = regexOf(meta.unencryptedRegex)
  const onlyRegex = regexOf(meta.encryptedRegex)
  if (notRegex === null || onlyRegex === null) return 'has a regular expression that is not known here'
  return (path) => {
    if (only !== undefined) return path.some((step) => step.endsWith(only))
    if (onlyRegex !== undefined) return path.some((step) => onlyRegex.test(step))
    if (not !== undefined && path.some((step) => step.endsWith(not))) return false
    return notRegex === undefined || !path.some((step) => notRegex.test(step))
  }
}

/** Go's flags at the start are JavaScript's flags at the end. Null: not a regular expression here. */
function regexOf(source: string | undefined): RegExp | undefined | null {
  if (source === undefined) return undefined
  const flags = /^\(\?([imsu]+)\)/.exec(source)?.[1] ?? ''
  try {
    return new RegExp(source.replace(/^\(\?[imsu]+\)/, ''), flags.replace('u', ''))
  } catch {
    return null
  }
}
