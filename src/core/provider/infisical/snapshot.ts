import * as z from 'zod'
import { err, ok, type Result } from '../../result.ts'
import { MAX_VAULT } from '../../vault/document.ts'

/** The last pull of one source: what its project uses, no token. */
export interface Snapshot {
  /** ISO 8601, UTC. */
  taken: string
  secrets: ReadonlyMap<string, Buffer>
  names: ReadonlyMap<string, string>
}

const MAX = MAX_VAULT - 65_536
const form = z.object({
  version: z.literal(1),
  taken: z.iso.datetime(),
  secrets: z.array(z.tuple([z.string(), z.base64()])),
  names: z.array(z.tuple([z.string(), z.string()])),
})

/** The clear text of the file; the caller wipes it. Failure: too-large. */
export function snapshotBytes({ taken, secrets, names }: Snapshot): Result<Buffer> {
  const values = [...secrets].map(([name, value]) => [name, value.toString('base64')])
  const bytes = Buffer.from(JSON.stringify({ version: 1, taken, secrets: values, names: [...names] }))
  if (bytes.length <= MAX) return ok(bytes)
  bytes.fill(0)
  return err({ reason: 'too-large', what: 'the copy of the last pull', size: bytes.length, limit: MAX })
}

/** Undefined: not what this version writes. Does not wipe `bytes`. */
export function parseSnapshot(bytes: Buffer): Snapshot | undefined {
  let json: unknown
  try {
    json = JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined // its own words would quote the content
  }
  const parsed = form.safeParse(json)
  if (!parsed.success) return undefined
  const { taken, secrets, names } = parsed.data
  return {
    taken,
    secrets: new Map(secrets.map(([name, value]) => [name, Buffer.from(value, 'base64')])),
    names: new Map(names),
  }
}
