import * as z from 'zod'
import { err, ok, type Result } from '../result.ts'
import { isSecretName } from '../text/secret-name.ts'
import { MAX_VALUE, MAX_VAULT } from './limits.ts'

export { MAX_VALUE, MAX_VAULT }

/**
 * What vault.age holds: one JSON document. Values are base64 in the file, so that every byte survives, and Buffers in
 * memory, so that they can be wiped. Maps, not objects: a secret may be called `constructor`.
 * Keys that this version does not know are kept as they are, so that an older tazpod loses nothing of a newer one.
 */
export interface VaultDocument {
  /** Derived from the identity, so that only its owner can make a document with this id. */
  id: string
  /** Counts the writes, from 1. */
  generation: number
  /** ISO 8601, UTC. */
  created: string
  updated: string
  /** Who can open the vault beside its identity. */
  recipients: readonly VaultRecipient[]
  secrets: ReadonlyMap<string, StoredSecret>
  /** Machine identities of providers, by name. The host is pinned here: a project file can't redirect them. */
  identities: ReadonlyMap<string, StoredIdentity>
  /** Saved files by relative path. */
  files: ReadonlyMap<string, StoredFile>
  /** Top-level keys of the file that this version does not know. */
  extra: ReadonlyMap<string, unknown>
}

interface StoredSecret {
  value: Buffer
  updated: string
}

export interface StoredFile {
  content: Buffer
  /** Within 0700. */
  mode: number
  updated: string
}

const recipient = z.looseObject({
  /** `age1…` */
  recipient: z.string().regex(/^age1[a-z0-9]{58}$/),
  label: z.string().max(200),
  /** Recovery only: the vault's identity encrypted to this recipient (base64), so that it can set a new passphrase. */
  escrow: z.string().optional(),
})
const identity = z.looseObject({
  provider: z.string().max(100),
  host: z.string().max(2000),
  clientId: z.string().max(4096),
  clientSecret: z.string().max(4096),
  /** Slug of a sub-organisation. */
  organization: z.string().max(200).optional(),
  /** PEM of the only authority that may vouch for the host. */
  ca: z.string().max(65_536).optional(),
  updated: z.iso.datetime(),
})
export type VaultRecipient = z.infer<typeof recipient>
export type StoredIdentity = z.infer<typeof identity>

const FORMAT = 'tazpod-vault'
const VERSION = 1
const MAX_DOCUMENT = MAX_VAULT - 65_536

const secret = z.object({ value: z.string(), updated: z.iso.datetime() })
const fileMode = z.int().refine((mode) => (mode & ~0o700) === 0)
const file = z.object({
  content: z.string(),
  mode: fileMode,
  updated: z.iso.datetime(),
})
const head = z.looseObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  id: z.string().regex(/^[0-9a-f]{32}$/),
  generation: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  created: z.iso.datetime(),
  updated: z.iso.datetime(),
  recipients: z.array(recipient).max(64),
  secrets: z.unknown(),
  identities: z.unknown(),
  files: z.unknown(),
})

/** A vault without content, as `init` makes it. `id`: 32 hex digits; `now`: ISO 8601. */
export function emptyDocument(id: string, now: string, recipients: readonly VaultRecipient[]): VaultDocument {
  const none = { secrets: new Map(), identities: new Map(), files: new Map(), extra: new Map() }
  return { id, generation: 1, created: now, updated: now, recipients, ...none }
}

/** The bytes of vault.age's content. Fails when they would be too large. The caller wipes them. */
export function encodeDocument(doc: VaultDocument): Result<Buffer> {
  const json = JSON.stringify({
    ...Object.fromEntries(doc.extra),
    format: FORMAT,
    version: VERSION,
    id: doc.id,
    generation: doc.generation,
    created: doc.created,
    updated: doc.updated,
    recipients: doc.recipients,
    secrets: encodeSecrets(doc.secrets),
    identities: Object.fromEntries(doc.identities),
    files: encodeMap(doc.files, (f) => ({
      content: f.content.toString('base64'),
      mode: f.mode,
      updated: f.updated,
    })),
  })
  const bytes = Buffer.from(json)
  if (bytes.length <= MAX_DOCUMENT) return ok(bytes)
  bytes.fill(0)
  return err({ reason: 'too-large', what: 'the vault', size: bytes.length, limit: MAX_DOCUMENT })
}

/** Reads what {@link encodeDocument} wrote. `path` is named in a failure. Does not wipe `bytes`. */
export function parseDocument(bytes: Buffer, path: string): Result<VaultDocument> {
  const damaged = (why: string) => err({ reason: 'vault-damaged', path, why } as const)
  let json: unknown
  try {
    json = JSON.parse(bytes.toString('utf8'))
  } catch {
    return damaged('its content is not a tazpod document') // the parser's own words would quote content
  }
  const version = newerVersion(json)
  if (version !== undefined) return err({ reason: 'vault-newer', path, version })
  const parsed = head.safeParse(json)
  if (!parsed.success) return damaged(`its document is malformed at ${place(parsed.error)}`)
  const { format: _f, version: _v, secrets, identities, files, ...rest } = parsed.data
  const { id, generation, created, updated, recipients, ...extra } = rest
  try {
    const known = {
      ...{ id, generation, created, updated, recipients },
      secrets: decodeSecrets(secrets),
      identities: decodeMap(identities, (value) => identity.parse(value)),
      files: decodeMap(files, decodeFile),
      extra: new Map(Object.entries(extra)),
    }
    return ok(known)
  } catch (error) {
    if (error instanceof z.ZodError) return damaged(`its document is malformed at ${place(error)}`)
    if (error instanceof Malformed) return damaged(`its document is malformed: ${error.message}`)
    throw error
  }
}

class Malformed extends Error {}

function newerVersion(json: unknown): number | undefined {
  const parsed = z.looseObject({ format: z.literal(FORMAT), version: z.number() }).safeParse(json)
  return parsed.success && parsed.data.version > VERSION ? parsed.data.version : undefined
}

function encodeSecrets(secrets: ReadonlyMap<string, StoredSecret>): Record<string, unknown> {
  return encodeMap(secrets, (s) => ({ value: s.value.toString('base64'), updated: s.updated }))
}

function encodeMap<T>(map: ReadonlyMap<string, T>, encode: (value: T) => unknown): Record<string, unknown> {
  return Object.fromEntries([...map].map(([name, value]) => [name, encode(value)]))
}

function decodeSecrets(raw: unknown): Map<string, StoredSecret> {
  const secrets = decodeMap(raw, (value) => {
    const stored = secret.parse(value)
    return { value: decodeBase64(stored.value), updated: stored.updated }
  })
  for (const name of secrets.keys())
    if (!isSecretName(name)) throw new Malformed('a secret has an impossible name')
  return secrets
}

function decodeFile(raw: unknown): StoredFile {
  const { content, ...about } = file.parse(raw)
  return { ...about, content: decodeBase64(content) }
}

function decodeMap<T>(raw: unknown, decode: (value: unknown) => T): Map<string, T> {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    throw new Malformed('a table is no object')
  return new Map(Object.entries(raw).map(([name, value]) => [name, decode(value)]))
}

/** Node skips what is not base64; a damaged value must be an error, not a shorter value. */
function decodeBase64(text: string): Buffer {
  const value = Buffer.from(text, 'base64')
  if (value.toString('base64') !== text) throw new Malformed('a value is not base64')
  if (value.length > MAX_VALUE) throw new Malformed('a value is larger than 1 MiB')
  return value
}

/** Where the document is wrong: key names only. Zod's own messages could quote a value. */
function place(error: z.ZodError): string {
  return error.issues[0]?.path.map(String).join('.') || 'its top level'
}
