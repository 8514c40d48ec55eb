import type { Refused } from '../../../adapters/infisical/exchange.ts'
import { type Api, listSecrets, type Place, writeSecret } from '../../../adapters/infisical/secrets-api.ts'
import type { InfisicalProblem } from '../../../core/failure/infisical.ts'
import { type ListedSecret, readListing } from '../../../core/provider/infisical/listing.ts'
import { storedFormProblem } from '../../../core/provider/infisical/stored-form.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import { projectOf } from './fetch.ts'
import type { Connected } from './once.ts'
import { failureAt } from './source.ts'

/** One secret at the server: where it is, and what is there now. */
interface RemoteTarget {
  place: Place
  api: Api
  /** Its name at the server: without the prefix that the project gives that folder. */
  as: string
  now: ListedSecret | undefined
}

/**
 * Finds a secret of the project: in `path`, else where tazpod.yaml says, else where the last pull found it, else in
 * the first of the project's folders.
 */
export async function findRemote(
  connected: Connected,
  name: string,
  path?: string,
): Promise<Result<RemoteTarget>> {
  const { source, token, before, project } = connected
  const { environment, paths } = source.config
  const found = await projectOf(source, token, before)
  if (!found.ok) return err(failureAt(source, found.error))
  const rule = project.config.secrets.find((one) => one.name === name)?.path
  const known = before?.names.find(([one]) => one === name)?.[1]
  const where = path ?? rule ?? known ?? paths[0]?.path ?? '/'
  const place = { projectId: found.value.id, environment, path: where }
  const prefix = paths.find((one) => one.path === where)?.prefix ?? ''
  const as = name.startsWith(prefix) ? name.slice(prefix.length) : name
  let { api } = found.value
  let now = await ownSecrets(connected, api, place)
  if (!now.ok && now.error.reason === 'infisical' && now.error.problem.kind === 'no-route') {
    api = api === 'v4' ? 'v3' : 'v4'
    now = await ownSecrets(connected, api, place)
  }
  return now.ok ? ok({ place, api, as, now: now.value.find((one) => one.name === as) }) : now
}

/** What a write did; `exists`: somebody else has created it meanwhile. */
type Put = 'created' | 'updated' | 'same' | 'exists'

/**
 * Creates a secret or gives it a new value, and reads it back: what the server keeps is the same, byte for byte, or
 * this fails. A value that the server is known to change is refused before it is sent.
 */
export async function putRemote(
  connected: Connected,
  target: RemoteTarget,
  name: string,
  value: Buffer,
): Promise<Result<Put>> {
  const { source, token } = connected
  const { place, api, as, now } = target
  const fail = (problem: InfisicalProblem) => err(failureAt(source, { problem }, place.path))
  const why = storedFormProblem(value)
  if (why !== undefined) return err({ reason: 'bad-value', name, why })
  const text = value.toString('utf8')
  if (now?.hidden) return fail({ kind: 'hidden', name })
  if (now?.value === text) return ok('same')
  const secret = { name: as, value: text, create: now === undefined }
  const written = await writeSecret(source.client, token.token, api, place, secret)
  if (!written.ok) {
    return written.error.problem.kind === 'exists'
      ? ok('exists')
      : err(failureAt(source, written.error, place.path))
  }
  const back = await ownSecrets(connected, api, place)
  if (!back.ok) return back
  if (back.value.find((one) => one.name === as)?.value === text) return ok(written.value)
  return fail({ kind: 'changed-on-write', name, why: 'what it gives back is not what was sent' })
}

/** The secrets that stand in that very folder. What an import brings there has to be changed where it is. */
export async function ownSecrets(
  { source, token }: Connected,
  api: Api,
  place: Place,
): Promise<Result<ListedSecret[]>> {
  const { path } = place
  const fail = (refused: Refused) => err(failureAt(source, refused, path))
  const options = { recursive: false, expand: false, imports: false }
  const listed = await listSecrets(source.client, token.token, api, place, options)
  if (!listed.ok) return fail(listed.error)
  const listing = readListing(listed.value.json, path)
  return listing.ok
    ? ok(listing.value.secrets)
    : fail({ problem: { kind: 'not-infisical', why: listing.error } })
}
