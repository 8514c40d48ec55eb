/**
 * A SOPS file as a tree, in the order of the file: its MAC is a hash over the values in that order. Comments are left
 * out: SOPS leaves them out of the MAC.
 */
export type SopsTree =
  | { kind: 'map'; items: { key: string; value: SopsTree }[] }
  | { kind: 'list'; items: SopsTree[] }
  /** `bytes`: as SOPS hashes it; for a string its text. */
  | { kind: 'leaf'; text: string; isText: boolean }
  | { kind: 'null' }

/** What a file says about its own encryption. */
export interface SopsMeta {
  mac: string
  lastModified: string
  /** Armored age files, each with the data key. */
  age: string[]
  /** Whom those are for: `age1…`, or `age1pq1…` of a post-quantum key. */
  recipients: string[]
  /** Names of other key services that could open it. */
  others: string[]
  keyGroups: number
  unencryptedSuffix?: string
  encryptedSuffix?: string
  unencryptedRegex?: string
  encryptedRegex?: string
  /** Rules about comments, which only the sops program knows. */
  commentRules: boolean
  macOnlyEncrypted: boolean
  /** Of the SOPS that wrote the file. */
  version: string | undefined
}

export interface SopsFile {
  format: SopsFormat
  branches: SopsTree[]
  meta: SopsMeta
}

/** Larger files are not read. */
export const MAX_SOPS = 4 * 1024 * 1024
/** Where people keep their key, in the environment and in the vault, as sops itself calls it. */
export const AGE_KEY = 'SOPS_AGE_KEY'

const SOPS_FORMATS = ['yaml', 'json', 'dotenv', 'ini', 'binary'] as const
export type SopsFormat = (typeof SOPS_FORMATS)[number]

/** SOPS itself goes by the name, too. */
export function formatOf(path: string): SopsFormat {
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (/\.ya?ml$/i.test(name)) return 'yaml'
  if (/\.json$/i.test(name)) return 'json'
  if (/\.env$/i.test(name) || /^\.env(\.|$)/.test(name)) return 'dotenv'
  return /\.ini$/i.test(name) ? 'ini' : 'binary'
}

/** The names of keys that lead to a value; entries of a list have no name. */
export interface Leaf {
  /** As SOPS has it: keys of mappings only. */
  path: string[]
  /** The same with the numbers of list entries, for names. */
  place: string[]
  text: string
  isText: boolean
}

/** Every value in the order of the file. */
export function* leaves(
  tree: SopsTree,
  path: readonly string[] = [],
  place: readonly string[] = [],
): Generator<Leaf> {
  if (tree.kind === 'leaf') yield { path: [...path], place: [...place], text: tree.text, isText: tree.isText }
  else if (tree.kind === 'map')
    for (const { key, value } of tree.items) yield* leaves(value, [...path, key], [...place, key])
  else if (tree.kind === 'list')
    for (const [i, item] of tree.items.entries()) yield* leaves(item, path, [...place, String(i)])
}
