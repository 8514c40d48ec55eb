import { type Document, isAlias, isMap, isScalar, isSeq, parseAllDocuments } from 'yaml'
import { iniSections } from './ini.ts'
import type { SopsFile, SopsFormat, SopsMeta, SopsTree } from './tree.ts'

/** Reads an encrypted file of SOPS. Text: why it is none, completing "FILE …"; it never repeats anything of the file. */
export function readSops(text: string, format: SopsFormat): SopsFile | string {
  const read = readTree(text, format)
  if (typeof read === 'string') return read
  const meta = metaOf(read.meta)
  return typeof meta === 'string' ? meta : { format, branches: read.branches, meta }
}

/** The same tree of a file in clear, as `sops -d` prints it. */
export function readPlain(text: string, format: SopsFormat): SopsTree[] | string {
  if (format === 'binary') return [{ kind: 'map', items: [{ key: 'data', value: leaf(text) }] }]
  const read = readTree(text, format)
  return typeof read === 'string' ? read : read.branches
}

function readTree(text: string, format: SopsFormat): { branches: SopsTree[]; meta: unknown } | string {
  const clean = text.replace(/^\uFEFF/, '')
  if (format === 'dotenv') return dotenv(clean)
  return format === 'ini' ? ini(clean) : documents(clean)
}

function documents(text: string): { branches: SopsTree[]; meta: unknown } | string {
  const parsed = parseAllDocuments(text, { logLevel: 'silent', uniqueKeys: false, keepSourceTokens: false })
  if (!Array.isArray(parsed) || parsed.length === 0) return 'is empty'
  if (parsed.some(({ errors }) => errors.length > 0)) return 'is neither YAML nor JSON'
  let meta: unknown
  const branches: SopsTree[] = []
  for (const document of parsed) {
    const tree = treeOf(document.contents, document as Document, 0)
    if (tree.kind === 'null') continue
    if (tree.kind !== 'map') return 'holds no mapping'
    const found = tree.items.find(({ key }) => key === 'sops')
    if (found !== undefined) meta ??= plain(found.value)
    branches.push({ kind: 'map', items: tree.items.filter((item) => item !== found) })
  }
  return { branches, meta }
}

const MAX_DEPTH = 100

function treeOf(node: unknown, document: Document, depth: number): SopsTree {
  if (depth > MAX_DEPTH) return { kind: 'null' }
  if (isAlias(node)) return treeOf(node.resolve(document), document, depth + 1)
  if (isMap(node)) {
    const items = node.items.map(({ key, value }) => ({
      key: isScalar(key) ? String(key.value) : '',
      value: treeOf(value, document, depth + 1),
    }))
    return { kind: 'map', items }
  }
  if (isSeq(node)) return { kind: 'list', items: node.items.map((item) => treeOf(item, document, depth + 1)) }
  if (!isScalar(node) || node.value === null) return { kind: 'null' }
  if (typeof node.value === 'string') return octal(node.value, node.type === 'PLAIN')
  return { kind: 'leaf', text: hashed(node.value, node.source), isText: false }
}

/** Go reads `0644` as a number, the YAML library as text; the MAC has what Go read. */
function octal(value: string, isPlain: boolean): SopsTree {
  return isPlain && /^0[0-7]+$/.test(value) ? number(Number.parseInt(value, 8)) : leaf(value)
}

/** A value that is no text, as SOPS hashes it. */
function hashed(value: unknown, source: string | undefined): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'number' || typeof value === 'bigint') {
    const whole = source !== undefined && /^[-+]?\d+$/.test(source)
    if (whole && /^0\d+$/.test(source)) return String(Number.parseInt(source, 8))
    return whole ? source.replace(/^\+/, '') : decimal(Number(value))
  }
  return String(value)
}

function number(value: number): SopsTree {
  return { kind: 'leaf', text: decimal(value), isText: false }
}

/** Without an exponent, as Go's 'f' format. */
function decimal(value: number): string {
  const text = String(value)
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (match === null) return text
  const [, sign = '', first = '', rest = '', exponent = '0'] = match
  const digits = first + rest
  const point = 1 + Number(exponent)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return point >= digits.length
    ? `${sign}${digits}${'0'.repeat(point - digits.length)}`
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}

function leaf(text: string): SopsTree {
  return { kind: 'leaf', text, isText: true }
}

function plain(tree: SopsTree): unknown {
  if (tree.kind === 'map') return Object.fromEntries(tree.items.map(({ key, value }) => [key, plain(value)]))
  if (tree.kind === 'list') return tree.items.map(plain)
  return tree.kind === 'leaf' ? tree.text : null
}

function ini(text: string): { branches: SopsTree[]; meta: unknown } | string {
  const sections = iniSections(text)
  if (typeof sections === 'string') return sections
  const flat = new Map<string, string>()
  const items: { key: string; value: SopsTree }[] = []
  for (const { name, entries } of sections) {
    if (name === 'sops') for (const [key, value] of entries) flat.set(key, value.replaceAll('\\n', '\n'))
    else {
      const inner = entries.map(([key, value]) => ({ key, value: leaf(value) }))
      items.push({ key: name, value: { kind: 'map', items: inner } })
    }
  }
  return { branches: [{ kind: 'map', items }], meta: flat.size > 0 ? unflatten(flat) : undefined }
}

function dotenv(text: string): { branches: SopsTree[]; meta: unknown } | string {
  const flat = new Map<string, string>()
  const items: { key: string; value: SopsTree }[] = []
  for (const line of text.split('\n').map((one) => one.replace(/\r$/, ''))) {
    if (line === '' || line.startsWith('#')) continue
    const at = line.indexOf('=')
    if (at < 0) return 'has a line that is no NAME=value'
    const key = line.slice(0, at)
    const value = line.slice(at + 1).replaceAll('\\n', '\n')
    if (key.startsWith('sops_')) flat.set(key.slice(5), value)
    else items.push({ key, value: leaf(value) })
  }
  return { branches: [{ kind: 'map', items }], meta: flat.size > 0 ? unflatten(flat) : undefined }
}

/** `age__list_0__map_enc` → age[0].enc */
function unflatten(flat: ReadonlyMap<string, string>): unknown {
  const root: Record<string, unknown> = {}
  for (const [name, value] of flat) {
    const steps = name.split(/(?=__map_|__list_)/).map((step) => step.replace(/^__(map|list)_/, ''))
    let at: Record<string, unknown> = root
    for (const [i, step] of steps.entries()) {
      if (step === '__proto__') break
      if (i === steps.length - 1) at[step] = value
      else {
        at[step] ??= {}
        at = at[step] as Record<string, unknown>
      }
    }
  }
  return root
}

const SERVICES = ['kms', 'gcp_kms', 'azure_kv', 'hc_vault', 'pgp'] as const

function metaOf(value: unknown): SopsMeta | string {
  if (value === null || typeof value !== 'object') return 'has no metadata of SOPS'
  const meta = value as Record<string, unknown>
  const text = (name: string): string | undefined =>
    typeof meta[name] === 'string' && meta[name] !== '' ? meta[name] : undefined
  const mac = text('mac')
  const lastModified = text('lastmodified')
  if (mac === undefined || lastModified === undefined) return 'has no MAC: it was changed, or is not of SOPS'
  const groups = list(meta.key_groups)
  const entries = (name: string) => [
    ...list(meta[name]),
    ...(groups.length === 1 ? groups.flatMap((g) => list(pick(g, name))) : []),
  ]
  const known = {
    unencryptedSuffix: text('unencrypted_suffix'),
    encryptedSuffix: text('encrypted_suffix'),
    unencryptedRegex: text('unencrypted_regex'),
    encryptedRegex: text('encrypted_regex'),
  }
  const rules = Object.fromEntries(Object.entries(known).filter(([, rule]) => rule !== undefined))
  const comments = text('unencrypted_comment_regex') ?? text('encrypted_comment_regex')
  return {
    mac,
    lastModified,
    age: entries('age').flatMap((one) => {
      const enc = pick(one, 'enc')
      return typeof enc === 'string' ? [enc] : []
    }),
    recipients: entries('age').flatMap((one) => {
      const recipient = pick(one, 'recipient')
      return typeof recipient === 'string' ? [recipient] : []
    }),
    others: SERVICES.filter((name) => entries(name).length > 0),
    keyGroups: groups.length,
    ...(Object.keys(rules).length === 0 && comments === undefined
      ? { unencryptedSuffix: '_unencrypted' }
      : rules),
    commentRules: comments !== undefined,
    version: text('version'),
    macOnlyEncrypted: /^true$/i.test(String(meta.mac_only_encrypted ?? '')),
  }
}

/** A list, or what `unflatten` made of one. */
function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  return value !== null && typeof value === 'object' ? Object.values(value) : []
}

function pick(value: unknown, name: string): unknown {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[name] : undefined
}
