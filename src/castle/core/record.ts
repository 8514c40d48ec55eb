import * as z from 'zod'
import { STORING_PROVIDERS, type StoringProvider } from '../../core/provider/registry.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { isSecretName } from '../../core/text/secret-name.ts'
import { type CastleSecrets, isCastleName, secretNames } from './topology.ts'

/**
 * `castle.json`: what is committed about a castle beside its code. No secret: of the secretbox key only a keyed
 * fingerprint. `seal` is a keyed hash over what guards the key (name, life, fingerprint), so that an edit by hand
 * shows; the key of both is in the store.
 */
export interface CastleRecord {
  /** 1: without `id`, `changes` and `lineage`; becomes 2 with the next change. */
  version: 1 | 2
  /** UUID: two castles of one name, in two folders, are two. Its first part is in the names of the secrets. */
  id?: string | undefined
  name: string
  provider: StoringProvider
  /** Terraform's state file, relative to the castle's folder. */
  state: string
  secrets: CastleSecrets
  life: Life
  /** When it came into that state; ISO 8601. */
  since: string
  /** `name`: of the key in etcd, a part of every value that it wrote; Talos' own is `key2`. */
  secretbox: { fingerprint: string; recorded: string; name: string } | null
  /** The key that takes over, while `secretbox rotate` is under way; `step` is the one to do, begun at `since`. */
  next: { fingerprint: string; name: string; step: RotationStep; since: string } | null
  /** How often the castle was destroyed. */
  deaths: number
  /** Counts what was recorded: an older record, from git or a backup, shows by it. */
  changes: number
  /** Terraform's own id of the state of this life; null before the first run. */
  lineage: string | null
  seal: string | null
}

/**
 * The four steps of kubernetes.io, "Rotate a decryption key": the new key behind the old one everywhere, then before
 * it, then every Secret written anew, then the old one out.
 */
export const ROTATION_STEPS = ['add', 'promote', 'rewrite', 'remove'] as const
export type RotationStep = (typeof ROTATION_STEPS)[number]

/** What Talos calls the key that it makes or is given. */
export const FIRST_KEY_NAME = 'key2'

/** The names of the keys of a castle in etcd, and whether the one that takes over writes already. */
export function rotationOf({ secretbox, next }: CastleRecord): {
  name: string
  next: string
  nextFirst: boolean
} {
  const name = secretbox?.name ?? FIRST_KEY_NAME
  return {
    name,
    next: next?.name ?? followingKey(name),
    nextFirst: next !== null && next.step !== 'add',
  }
}

/** `key2` → `key3`. */
function followingKey(name: string): string {
  return `key${Number(name.slice('key'.length)) + 1}`
}

/** `destroyed` is the only one that lets another secretbox key in. */
const LIVES = ['planned', 'live', 'destroying', 'destroyed'] as const
export type Life = (typeof LIVES)[number]

export const RECORD_NAME = 'castle.json'
export const MAX_RECORD = 65_536

const secretName = z.string().refine(isSecretName)
const fingerprint = z.string().regex(/^[0-9a-f]{64}$/)
const keyName = z.string().regex(/^key\d{1,6}$/)
const schema = z.strictObject({
  version: z.union([z.literal(1), z.literal(2)]),
  id: z.uuid().optional(),
  name: z.string().refine(isCastleName),
  provider: z.enum(STORING_PROVIDERS),
  state: z
    .string()
    .min(1)
    .max(4_000)
    .refine((path) => !/\p{Cc}/u.test(path)),
  secrets: z.strictObject({
    secretbox: secretName,
    kubeconfig: secretName,
    talosconfig: secretName,
    clientId: secretName,
    clientSecret: secretName,
    proxmoxToken: secretName,
    gitopsToken: secretName,
  }),
  life: z.enum(LIVES),
  since: z.iso.datetime(),
  secretbox: z
    .strictObject({ fingerprint, recorded: z.iso.datetime(), name: keyName.default(FIRST_KEY_NAME) })
    .nullable(),
  next: z
    .strictObject({ fingerprint, name: keyName, step: z.enum(ROTATION_STEPS), since: z.iso.datetime() })
    .nullable()
    .default(null),
  deaths: z.int().min(0).max(1_000_000),
  changes: z.int().min(0).max(1_000_000_000).default(0),
  lineage: z.string().min(1).max(100).nullable().default(null),
  seal: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
})

/** The record of a castle that is only planned. `id`: a fresh UUID; `now`: ISO 8601. */
export function newRecord(
  name: string,
  provider: CastleRecord['provider'],
  now: string,
  id: string,
): CastleRecord {
  return {
    version: 2,
    id,
    name,
    provider,
    state: 'terraform.tfstate',
    secrets: secretNames(name, id),
    life: 'planned',
    since: now,
    secretbox: null,
    next: null,
    deaths: 0,
    changes: 0,
    lineage: null,
    seal: null,
  }
}

/** Reads castle.json. Failure: castle-record, with the key that is wrong. */
export function parseRecord(bytes: Buffer, path: string): Result<CastleRecord> {
  let data: unknown
  try {
    data = JSON.parse(bytes.toString('utf8').replace(/^\uFEFF/, ''))
  } catch {
    return bad(path, 'it is no JSON')
  }
  const parsed = schema.safeParse(data)
  if (parsed.success) return ok(parsed.data)
  const issue = parsed.error.issues[0]
  const where =
    issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path.map((step) => String(step)).join('.')
  return bad(path, `${where ? `"${where.slice(0, 60)}"` : 'its content'} is not as tazpod wrote it`)
}

export function formatRecord(record: CastleRecord): Buffer {
  return Buffer.from(`${JSON.stringify(record, null, 2)}\n`)
}

/** What the seal covers: changing any of it by hand could let another key onto a living cluster. */
export function sealedText(record: CastleRecord): string {
  const { version, id, name, life, since, secretbox, deaths, changes, lineage, secrets, next } = record
  const parts = [
    `tazpod-castle-${version}`,
    name,
    life,
    since,
    secretbox?.fingerprint ?? '-',
    String(deaths),
    secrets.secretbox,
    ...(version === 1
      ? []
      : [
          id ?? '-',
          String(changes),
          lineage ?? '-',
          secretbox?.name ?? '-',
          next === null ? '-' : Object.values(next).join(' '),
        ]),
  ]
  return parts.join('\n')
}

/** The same castle with another copy of its record: folders of one castle agree in these. */
export function isSameCastle(a: CastleRecord, b: CastleRecord): boolean {
  return a.name === b.name && a.secrets.secretbox === b.secrets.secretbox
}

/** The store's secret that keys fingerprints and seals of one castle. */
export function recordKeyName(record: CastleRecord): string {
  return `${baseName(record)}_CASTLE_RECORD_KEY`
}

/** The store's copy of the last record, sealed as the file is. */
export function recordCopyName(record: CastleRecord): string {
  return `${baseName(record)}_CASTLE_RECORD`
}

function baseName(record: CastleRecord): string {
  return record.secrets.secretbox.replace(/_?TALOS_SECRETBOX_KEY$/, '')
}

/** The key that takes over; the same as the key where none does, so that what is bound is always there. */
export function nextKeyName({ secrets }: CastleRecord): string {
  return `${secrets.secretbox}_NEXT`
}

/** Where the key of a life is kept after another one took over: old snapshots need it. */
export function oldKeyName({ secrets, deaths }: CastleRecord, name: string): string {
  return `${secrets.secretbox}_${deaths}_${name.toUpperCase()}`
}

/** All that a castle keeps for its machines and for itself: nothing of it is for what runs in the cluster. */
export function infrastructureNames(record: CastleRecord): string[] {
  return [
    ...Object.values(record.secrets),
    recordKeyName(record),
    recordCopyName(record),
    nextKeyName(record),
  ]
}

function bad(path: string, why: string): Result<never> {
  return err({ reason: 'castle-record', path, why, next: `git checkout -- ${path}` })
}

/** Where the vault keeps the states of a castle. One of before 0.2 has no id in its names. */
export function stateFolder({ id, name, secrets }: CastleRecord): string {
  const legacy = id === undefined || secrets.secretbox === secretNames(name).secretbox
  return `castles/${legacy ? name : `${name}-${id.slice(0, 8)}`}`
}
