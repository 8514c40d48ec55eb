import * as z from 'zod'
import { err, ok, type Result } from '../result.ts'
import { isSecretName } from '../secret-name.ts'
import { type CastleSecrets, isCastleName, secretNames } from './topology.ts'

/**
 * `castle.json`: what is committed about a castle beside its code. No secret: of the secretbox key only a keyed
 * fingerprint. `seal` is a keyed hash over what guards the key (name, life, fingerprint), so that an edit by hand
 * shows; the key of both is in the store.
 */
export interface CastleRecord {
  version: 1
  name: string
  provider: 'vault' | 'infisical'
  /** Terraform's state file, relative to the castle's folder. */
  state: string
  secrets: CastleSecrets
  life: Life
  /** When it came into that state; ISO 8601. */
  since: string
  secretbox: { fingerprint: string; recorded: string } | null
  /** How often the castle was destroyed. */
  deaths: number
  seal: string | null
}

/** `destroyed` is the only one that lets another secretbox key in. */
export const LIVES = ['planned', 'live', 'destroying', 'destroyed'] as const
export type Life = (typeof LIVES)[number]

export const RECORD_NAME = 'castle.json'
export const MAX_RECORD = 65_536

const secretName = z.string().refine(isSecretName)
const schema = z.strictObject({
  version: z.literal(1),
  name: z.string().refine(isCastleName),
  provider: z.enum(['vault', 'infisical']),
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
    .strictObject({ fingerprint: z.string().regex(/^[0-9a-f]{64}$/), recorded: z.iso.datetime() })
    .nullable(),
  deaths: z.int().min(0).max(1_000_000),
  seal: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
})

export function newRecord(name: string, provider: CastleRecord['provider'], now: string): CastleRecord {
  return {
    version: 1,
    name,
    provider,
    state: 'terraform.tfstate',
    secrets: secretNames(name),
    life: 'planned',
    since: now,
    secretbox: null,
    deaths: 0,
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
export function sealedText({ name, life, since, secretbox, deaths, secrets }: CastleRecord): string {
  const parts = [
    'tazpod-castle-1',
    name,
    life,
    since,
    secretbox?.fingerprint ?? '-',
    String(deaths),
    secrets.secretbox,
  ]
  return parts.join('\n')
}

/** The store's secret that keys fingerprints and seals of one castle. */
export function recordKeyName(record: CastleRecord): string {
  return record.secrets.secretbox.replace(/(_?TALOS_SECRETBOX_KEY)?$/, '_CASTLE_RECORD_KEY')
}

function bad(path: string, why: string): Result<never> {
  return err({ reason: 'castle-record', path, why, next: `git checkout -- ${path}` })
}
