import type { Answer, Refused } from '../../../adapters/infisical/exchange.ts'
import {
  type Api,
  findProject,
  folderExists,
  isProjectId,
  listSecrets,
} from '../../../adapters/infisical/secrets-api.ts'
import type { ProjectConfig } from '../../../core/grant/model.ts'
import { secretNames } from '../../../core/grant/named-secrets.ts'
import { type Asked, type Combined, combine, type Wanted } from '../../../core/provider/infisical/combine.ts'
import type { InfisicalPath } from '../../../core/provider/infisical/config.ts'
import { type HeldSession, type HeldToken, liveTokens } from '../../../core/provider/infisical/held.ts'
import { readListing } from '../../../core/provider/infisical/listing.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import { failureAt, type InfisicalSource } from './source.ts'
import { currentToken, freshToken } from './token.ts'

/** Tells a person what is waited for. */
export type Progress = (text: string) => void

/** One whole pull. */
export interface Fetched {
  /** Undefined: nothing has changed at the server since the session that was passed in. */
  combined: Combined | undefined
  session: HeldSession & { token: HeldToken }
}

/** What a project's file uses, and what it says about where that is. */
export function wantedBy(config: ProjectConfig): Wanted & { names: ReadonlySet<string> } {
  const decided = config.secrets.flatMap(({ name, path }) =>
    path === undefined ? [] : [[name, path] as const],
  )
  return { names: new Set(secretNames(config)), decided: new Map(decided) }
}

/**
 * Fetches everything that the project asks for, or fails: login (or the held token), the project's id, one list per
 * folder. A token that the server does not take is replaced by one fresh login, once.
 * `before`: the session of the last pull, used only when it is of the same source. `opened` is told each token that
 * is worked with, also when the fetch fails later.
 */
export async function fetchAll(
  source: InfisicalSource,
  wanted: Wanted,
  before: HeldSession | undefined,
  progress: Progress,
  opened: (token: HeldToken) => void = () => undefined,
): Promise<Result<Fetched>> {
  const last = before?.source === source.hash ? before : undefined
  progress(`logging in at ${source.client.host}`)
  const token = await currentToken(source.client, source.identity, last?.token)
  if (!token.ok) return err(failureAt(source, token.error))
  opened(token.value)
  const older = before === undefined ? [] : liveTokens(before, Date.now())
  const first = await fetchWith(source, wanted, { token: token.value, older }, last, progress)
  if (first.ok || !needsLogin(first.error.refused))
    return first.ok ? first : err(asFailure(source, first.error))
  progress(`logging in again at ${source.client.host}`)
  const fresh = await freshToken(source.client, source.identity)
  if (!fresh.ok) return err(failureAt(source, fresh.error))
  opened(fresh.value)
  const second = await fetchWith(source, wanted, { token: fresh.value, older }, last, progress)
  return second.ok ? second : err(asFailure(source, second.error))
}

/** A token of another region stays one, however often one logs in. */
function needsLogin({ problem }: Refused): boolean {
  return problem.kind === 'token' && problem.why !== 'foreign'
}

interface Failed {
  refused: Refused
  path?: string
}

function asFailure(source: InfisicalSource, { refused, path }: Failed) {
  return failureAt(source, refused, path)
}

async function fetchWith(
  source: InfisicalSource,
  wanted: Wanted,
  { token, older }: { token: HeldToken; older: readonly HeldToken[] },
  last: HeldSession | undefined,
  progress: Progress,
): Promise<Result<Fetched, Failed>> {
  const project = await projectOf(source, token, last)
  if (!project.ok) return err({ refused: project.error })
  const { id, api: known } = project.value
  const asked = await askAll(source, token, id, known, last?.etags, progress)
  if (!asked.ok) return asked
  const { api, answers } = asked.value
  const session = {
    source: source.hash,
    identity: source.name,
    token,
    older: older.filter((one) => one.token !== token.token),
    projectId: id,
    api,
    etags: answers.map(({ etag }) => etag ?? null),
    names: last?.names ?? [],
  }
  if (answers.every(({ status }) => status === 304)) return ok({ combined: undefined, session })
  const all = await withoutCache(source, token, { id, api }, answers)
  if (!all.ok) return all
  const combined = await merge(source, token, { id, api }, all.value, wanted)
  if (!combined.ok) return combined
  return ok({ combined: combined.value, session: { ...session, names: [...combined.value.paths] } })
}

/** The project's id: from the last pull, from the project file itself, or asked for by its slug. */
export async function projectOf(
  { client, config }: InfisicalSource,
  { token }: HeldToken,
  last: HeldSession | undefined,
): Promise<Result<{ id: string; api: Api }, Refused>> {
  if (last !== undefined && last.projectId !== '') return ok({ id: last.projectId, api: last.api })
  if (isProjectId(config.project)) return ok({ id: config.project, api: 'v4' })
  return findProject(client, token, config.project)
}

/** One list for each folder, side by side; all once more where the server has the other generation of the API. */
async function askAll(
  { client, config }: InfisicalSource,
  { token }: HeldToken,
  projectId: string,
  known: Api,
  etags: readonly (string | null)[] | undefined,
  progress: Progress,
): Promise<Result<{ api: Api; answers: Answer[] }, Failed>> {
  const { environment, paths } = config
  const other: Api = known === 'v4' ? 'v3' : 'v4'
  for (const api of [known, other]) {
    let done = 0
    const ask = async ({ path, recursive }: InfisicalPath, index: number) => {
      const etag = api === known ? (etags?.[index] ?? undefined) : undefined
      const answer = await listSecrets(
        client,
        token,
        api,
        { projectId, environment, path },
        { recursive, etag },
      )
      progress(`${++done} of ${paths.length} folders`)
      return answer
    }
    const answered = await Promise.all(paths.map(ask))
    const answers: Answer[] = []
    let failed: Failed | undefined
    for (const [index, answer] of answered.entries()) {
      if (answer.ok) answers.push(answer.value)
      else failed ??= { refused: answer.error, path: paths[index]?.path ?? '/' }
    }
    if (failed === undefined) return ok({ api, answers })
    if (failed.refused.problem.kind !== 'no-route' || api === other) return err(failed)
  }
  return err({ refused: { problem: { kind: 'no-route' } } })
}

/** One folder has changed: the others, of which only "not changed" is known, are asked for whole. */
async function withoutCache(
  { client, config }: InfisicalSource,
  { token }: HeldToken,
  { id, api }: { id: string; api: Api },
  answers: readonly Answer[],
): Promise<Result<Answer[], Failed>> {
  const whole: Answer[] = []
  for (const [index, answer] of answers.entries()) {
    const rule = config.paths[index]
    if (answer.status !== 304 || rule === undefined) {
      whole.push(answer)
      continue
    }
    const place = { projectId: id, environment: config.environment, path: rule.path }
    const again = await listSecrets(client, token, api, place, { recursive: rule.recursive })
    if (!again.ok) return err({ refused: again.error, path: rule.path })
    whole.push(again.value)
  }
  return ok(whole)
}

async function merge(
  source: InfisicalSource,
  token: HeldToken,
  { id, api }: { id: string; api: Api },
  answers: readonly Answer[],
  wanted: Wanted,
): Promise<Result<Combined, Failed>> {
  const { client, config } = source
  const asked: Asked[] = []
  for (const [index, { json }] of answers.entries()) {
    const rule = config.paths[index] ?? { path: '/', recursive: false }
    const { path } = rule
    const listing = readListing(json, path)
    if (!listing.ok) return err({ refused: { problem: { kind: 'not-infisical', why: listing.error } }, path })
    if (api === 'v3' && listing.value.secrets.length + listing.value.unusable.length === 0) {
      const there = await folderExists(client, token.token, {
        projectId: id,
        environment: config.environment,
        path,
      })
      if (!there.ok) return err({ refused: there.error, path })
      if (!there.value) return err({ refused: { problem: { kind: 'no-folder' } }, path })
    }
    asked.push({ rule, listing: listing.value })
  }
  const combined = combine(asked, wanted)
  return combined.ok ? combined : err({ refused: { problem: combined.error } })
}
