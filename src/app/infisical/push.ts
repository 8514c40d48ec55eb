import type { Refused } from '../../adapters/infisical/exchange.ts'
import {
  type Api,
  findProject,
  isProjectId,
  listSecrets,
  type Place,
  writeSecret,
} from '../../adapters/infisical/secrets-api.ts'
import { type ListedSecret, readListing } from '../../core/infisical/listing.ts'
import { storedFormProblem } from '../../core/infisical/stored-form.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { isSecretName } from '../../core/secret-name.ts'
import type { VaultAccess } from '../vault/access.ts'
import { fingerprint, fingerprintKey } from '../vault/fingerprint.ts'
import { atInfisical, type Connected, type Errand } from './once.ts'
import { failureAt } from './source.ts'

export interface PushOptions {
  name: string
  /** The bytes, exactly; the caller wipes them. */
  value: Buffer
  /** Folder; default: where it is, or what tazpod.yaml says, or the first of its paths. */
  path?: string | undefined
}

export interface Pushed {
  name: string
  path: string
  change: 'created' | 'updated' | 'same'
  size: number
  fingerprint: string
}

/**
 * Creates a secret at the server or gives it a new value, and reads it back: what the server keeps is the same, byte
 * for byte, or this fails. A value that the server is known to change is refused before it is sent.
 */
export async function pushSecret(
  access: VaultAccess,
  errand: Errand,
  options: PushOptions,
): Promise<Result<Pushed>> {
  const { name, value } = options
  if (!isSecretName(name)) return err({ reason: 'bad-secret-name', name }) // before a passphrase is asked for
  const why = storedFormProblem(value)
  if (why !== undefined) return err({ reason: 'bad-value', name, why })
  return atInfisical(access, errand, async (connected): Promise<Result<Pushed>> => {
    const target = await targetOf(connected, options)
    if (!target.ok) return target
    const { place, api, now, as } = target.value
    const { source, token, identity } = connected
    const fail = (refused: Refused) => err(failureAt(source, refused, place.path))
    const key = fingerprintKey(identity)
    const done = { name, path: place.path, size: value.length, fingerprint: fingerprint(key, value) }
    key.fill(0)
    const text = value.toString('utf8')
    if (now?.hidden) return fail({ problem: { kind: 'hidden', name } })
    if (now?.value === text) return ok({ ...done, change: 'same' })
    errand.progress(`writing ${name}`)
    const written = await writeSecret(source.client, token.token, api, place, {
      name: as,
      value: text,
      create: now === undefined,
    })
    if (!written.ok) return fail(written.error)
    const back = await ownSecret(connected, api, place, as)
    if (!back.ok) return back
    if (back.value?.value !== text) {
      return fail({
        problem: { kind: 'changed-on-write', name, why: 'what it gives back is not what was sent' },
      })
    }
    return ok({ ...done, change: written.value })
  })
}

async function targetOf(
  connected: Connected,
  { name, path }: PushOptions,
): Promise<Result<{ place: Place; api: Api; now: ListedSecret | undefined; as: string }>> {
  const { source, token, before, project } = connected
  const { project: word, environment, paths } = source.config
  const found =
    before !== undefined && before.projectId !== ''
      ? ok({ id: before.projectId, api: before.api })
      : isProjectId(word)
        ? ok({ id: word, api: 'v4' as Api })
        : await findProject(source.client, token.token, word)
  if (!found.ok) return err(failureAt(source, found.error))
  const rule = project.config.secrets.find((one) => one.name === name)?.path
  const known = before?.names.find(([one]) => one === name)?.[1]
  const place = {
    projectId: found.value.id,
    environment,
    path: path ?? rule ?? known ?? paths[0]?.path ?? '/',
  }
  const prefix = paths.find((one) => one.path === place.path)?.prefix ?? ''
  const as = name.startsWith(prefix) ? name.slice(prefix.length) : name // its name at the server
  let { api } = found.value
  let now = await ownSecret(connected, api, place, as)
  if (!now.ok && now.error.reason === 'infisical' && now.error.problem.kind === 'no-route') {
    api = api === 'v4' ? 'v3' : 'v4'
    now = await ownSecret(connected, api, place, as)
  }
  return now.ok ? ok({ place, api, now: now.value, as }) : now
}

/** The secret as it stands in that very folder. What an import brings there has to be changed where it is. */
async function ownSecret(
  { source, token }: Connected,
  api: Api,
  place: Place,
  name: string,
): Promise<Result<ListedSecret | undefined>> {
  const { path } = place
  const options = { recursive: false, expand: false, imports: false }
  const listed = await listSecrets(source.client, token.token, api, place, options)
  if (!listed.ok) return err(failureAt(source, listed.error, path))
  const listing = readListing(listed.value.json, path)
  if (!listing.ok)
    return err(failureAt(source, { problem: { kind: 'not-infisical', why: listing.error } }, path))
  return ok(listing.value.secrets.find((secret) => secret.name === name))
}
