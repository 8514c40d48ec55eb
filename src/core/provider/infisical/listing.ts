import * as z from 'zod'
import { err, ok, type Result } from '../../result.ts'
import { isSecretName } from '../../text/secret-name.ts'

/** One secret as a list gave it. */
export interface ListedSecret {
  name: string
  value: string
  /** The folder that it stands in; for an imported one the folder that was asked. */
  path: string
  hidden: boolean
}

/** A list, merged: what a reader of that folder gets. */
export interface Listing {
  secrets: ListedSecret[]
  /** Names that no tazpod.yaml can name (spaces, slashes …). */
  unusable: string[]
}

const entry = z.object({
  secretKey: z.string(),
  secretValue: z.string(),
  secretPath: z.string().optional(),
  secretValueHidden: z.boolean().optional(),
})
const reply = z.object({
  secrets: z.array(entry),
  imports: z.array(z.object({ secrets: z.array(entry) })).optional(),
})

const HIDDEN = '<hidden-by-infisical>'

/**
 * Reads the answer of a list of `path`, of either generation (an import's secrets have no path of their own).
 * The folder's own secrets win, and of its imports the last one: the server does not merge, its CLI and operator do
 * it this way, and the SDK the other way round. Failure: where the answer has not that form, in words.
 */
export function readListing(body: unknown, path: string): Result<Listing, string> {
  const parsed = reply.safeParse(body)
  if (!parsed.success) return err(`its list of secrets has an unknown form (${placeOf(parsed.error)})`)
  const { secrets, imports = [] } = parsed.data
  const merged = new Map<string, ListedSecret>()
  const add = (raw: z.infer<typeof entry>, where: string) => {
    const { secretKey: name, secretValue: value, secretValueHidden: hidden = false } = raw
    merged.set(`${where}\0${name}`, { name, value, path: where, hidden: hidden || value === HIDDEN })
  }
  // Inside one import a nested one comes after what it is nested in, and the nearer one counts.
  for (const one of imports) for (const raw of one.secrets.toReversed()) add(raw, path)
  for (const raw of secrets) add(raw, raw.secretPath ?? path)
  const all = [...merged.values()]
  return ok({
    secrets: all.filter(({ name }) => isSecretName(name)),
    unusable: all.filter(({ name }) => !isSecretName(name)).map(({ name }) => name),
  })
}

/** Key names only: zod's own messages could quote a value. */
function placeOf(error: z.ZodError): string {
  return error.issues[0]?.path.map(String).join('.') || 'top level'
}
