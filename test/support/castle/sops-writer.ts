/**
 * The recipe of the SOPS fixtures, from the format that SOPS documents: a random data key, encrypted to age
 * recipients; every value AES-256-GCM with a nonce of 32 bytes and its keys, joined by ":", as additional data; the
 * MAC is SHA-512 over all values in order, in capitals, encrypted with the time of the last change as additional
 * data. Checked once by hand against files that SOPS 3.9 and 3.10 themselves wrote.
 */
import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { armor, Encrypter } from 'age-encryption'
import { stringify } from 'yaml'

export type Plain = string | number | boolean | null | Plain[] | { [key: string]: Plain }

export interface SopsOptions {
  recipients: string[]
  encryptedRegex?: string
  unencryptedSuffix?: string
  macOnlyEncrypted?: boolean
  /** Changes the values that the MAC is made of: a wrong one. */
  wrongMac?: boolean
  /** Further fields of the metadata. */
  extra?: Record<string, unknown>
}

const TIME = '2026-01-02T03:04:05Z'

class Writer {
  readonly key = randomBytes(32)
  readonly #hash = createHash('sha512')
  readonly #options: SopsOptions

  constructor(options: SopsOptions) {
    this.#options = options
    const start = '8a3fd2ad54ce66527b1034f3d147be0b0b975b3bf44f72c6fdadec8176f27d69'
    if (options.macOnlyEncrypted) this.#hash.update(Buffer.from(start, 'hex'))
  }

  tree(value: Plain, path: string[]): unknown {
    if (value === null) return null
    if (Array.isArray(value)) return value.map((item) => this.tree(item, path))
    if (typeof value === 'object')
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, this.tree(inner, [...path, key])]),
      )
    const text = typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)
    const encrypted = this.#isEncrypted(path)
    if (encrypted || !this.#options.macOnlyEncrypted) this.#hash.update(text)
    if (!encrypted) return value
    const type =
      typeof value === 'string'
        ? 'str'
        : typeof value === 'boolean'
          ? 'bool'
          : Number.isInteger(value)
            ? 'int'
            : 'float'
    return this.seal(text, `${path.join(':')}:`, type)
  }

  #isEncrypted(path: string[]): boolean {
    const { encryptedRegex, unencryptedSuffix = '_unencrypted' } = this.#options
    if (encryptedRegex !== undefined) return path.some((step) => new RegExp(encryptedRegex).test(step))
    return !path.some((step) => step.endsWith(unencryptedSuffix))
  }

  seal(text: string, aad: string, type: string): string {
    if (text === '') return ''
    const iv = randomBytes(32)
    const cipher = createCipheriv('aes-256-gcm', this.key, iv)
    cipher.setAAD(Buffer.from(aad))
    const data = Buffer.concat([cipher.update(text), cipher.final()])
    const parts = [data, iv, cipher.getAuthTag()].map((part) => part.toString('base64'))
    return `ENC[AES256_GCM,data:${parts[0]},iv:${parts[1]},tag:${parts[2]},type:${type}]`
  }

  async meta(): Promise<Record<string, unknown>> {
    const { recipients, encryptedRegex, unencryptedSuffix, macOnlyEncrypted, wrongMac, extra } = this.#options
    const age = await Promise.all(
      recipients.map(async (recipient) => {
        const encrypter = new Encrypter()
        encrypter.addRecipient(recipient)
        return { recipient, enc: `${armor.encode(await encrypter.encrypt(this.key))}\n` }
      }),
    )
    if (wrongMac) this.#hash.update('more')
    const mac = this.seal(this.#hash.digest('hex').toUpperCase(), TIME, 'str')
    const rule =
      encryptedRegex === undefined
        ? { unencrypted_suffix: unencryptedSuffix ?? '_unencrypted' }
        : { encrypted_regex: encryptedRegex }
    return {
      age,
      lastmodified: TIME,
      mac,
      ...rule,
      ...(macOnlyEncrypted && { mac_only_encrypted: true }),
      version: '3.9.0',
      ...extra,
    }
  }
}

export async function sopsYaml(documents: Plain[], options: SopsOptions): Promise<string> {
  const writer = new Writer(options)
  const trees = documents.map((one) => writer.tree(one, []) as object)
  const sops = await writer.meta()
  return trees.map((tree) => stringify({ ...tree, sops }, { lineWidth: 0 })).join('---\n')
}

export async function sopsJson(value: Plain, options: SopsOptions): Promise<string> {
  const writer = new Writer(options)
  const tree = writer.tree(value, []) as object
  return JSON.stringify({ ...tree, sops: await writer.meta() }, null, '\t')
}

/** Any bytes that are text: one value called data. */
export function sopsBinary(text: string, options: SopsOptions): Promise<string> {
  return sopsJson({ data: text }, options)
}

export async function sopsDotenv(values: Record<string, string>, options: SopsOptions): Promise<string> {
  const writer = new Writer(options)
  const tree = writer.tree(values, []) as Record<string, string>
  const flat = flatten(await writer.meta(), 'sops_')
  return `# a comment\n${lines(tree, '=')}${lines(flat, '=')}`
}

export async function sopsIni(
  sections: Record<string, Record<string, string>>,
  options: SopsOptions,
  block = false,
): Promise<string> {
  const writer = new Writer(options)
  const tree = writer.tree(sections, []) as Record<string, Record<string, string>>
  const flat = flatten(await writer.meta(), '')
  const all = Object.entries({ ...tree, sops: flat })
  const parts = all.map(([name, values]) => `[${name}]\n${block ? aligned(values) : lines(values, ' = ')}`)
  return `; a comment\n${parts.join('\n')}`
}

/** As SOPS 3.13 writes it: names of one width, values of several lines in `"""`. */
function aligned(values: Record<string, string>): string {
  const width = Math.max(...Object.keys(values).map((name) => name.length))
  const quoted = (value: string) => (value.includes('\n') ? `"""${value}"""` : value)
  return Object.entries(values)
    .map(([name, value]) => `${name.padEnd(width)} = ${quoted(value)}\n`)
    .join('')
}

function lines(values: Record<string, string>, between: string): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}${between}${value.replaceAll('\n', '\\n')}\n`)
    .join('')
}

function flatten(value: Record<string, unknown>, prefix: string): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [key, inner] of Object.entries(value)) {
    if (Array.isArray(inner))
      for (const [i, item] of inner.entries())
        for (const [name, text] of Object.entries(item as Record<string, string>))
          flat[`${prefix}${key}__list_${i}__map_${name}`] = text
    else flat[`${prefix}${key}`] = String(inner)
  }
  return flat
}
