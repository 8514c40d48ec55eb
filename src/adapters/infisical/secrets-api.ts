import * as z from 'zod'
import type { InfisicalProblem } from '../../core/failure/infisical.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { type Answer, exchange, type Refused } from './exchange.ts'
import type { HttpClient } from './http.ts'
import { viaSdk } from './sdk.ts'

/** The generation of the API for secrets that a server has. The current one still serves `v3`. */
export type Api = 'v3' | 'v4'

/** A folder of a project. */
export interface Place {
  projectId: string
  environment: string
  path: string
}

/** Whether a project is named by its id: then nothing has to be looked up. */
export function isProjectId(word: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(word)
}

const found = z.object({ id: z.string().refine(isProjectId) })

/** The id of a project from its slug, and with it which API the server has. */
export async function findProject(
  client: HttpClient,
  token: string,
  slug: string,
): Promise<Result<{ id: string; api: Api }, Refused>> {
  const name = encodeURIComponent(slug)
  for (const [api, path] of [
    ['v4', `/api/v1/projects/slug/${name}`],
    ['v3', `/api/v2/workspace/${name}`],
  ] as const) {
    const answered = await exchange(client, { method: 'GET', path, headers: bearer(token) }, 'read')
    if (!answered.ok && answered.error.problem.kind === 'no-route') continue
    if (!answered.ok) return answered
    const parsed = found.safeParse(answered.value.json)
    return parsed.success ? ok({ id: parsed.data.id, api }) : unknownForm('project')
  }
  return unknownForm('project')
}

interface ListOptions {
  recursive: boolean
  etag?: string | undefined
  /** References resolved; default yes. */
  expand?: boolean
  /** What other folders lend to this one; default yes. */
  imports?: boolean
}

/**
 * The secrets of one folder, imports and references resolved unless asked otherwise: one request. Every boolean is said, and the import flag
 * in both its spellings, because defaults and names differ between builds and unknown keys are ignored in silence.
 * `etag`: of an earlier answer; the answer is then 304 without a body when nothing has changed.
 */
export function listSecrets(
  client: HttpClient,
  token: string,
  api: Api,
  place: Place,
  options: ListOptions,
): Promise<Result<Answer, Refused>> {
  const { projectId, environment, path } = place
  const { recursive, etag, expand = true, imports = true } = options
  const known = etag === undefined ? {} : { 'if-none-match': etag }
  if (api === 'v3') {
    return viaSdk(
      client,
      'read',
      (sdk) =>
        sdk.auth().accessToken(token).secrets().listSecrets({
          projectId,
          environment,
          secretPath: path,
          recursive,
          expandSecretReferences: expand,
          includeImports: imports,
          viewSecretValue: true,
        }),
      (request) => ({ ...request, headers: { ...request.headers, ...known } }),
    )
  }
  const query = new URLSearchParams({
    projectId,
    environment,
    secretPath: path,
    recursive: String(recursive),
    viewSecretValue: 'true',
    expandSecretReferences: String(expand),
    includeImports: String(imports),
    include_imports: String(imports),
    includePersonalOverrides: 'false',
  })
  const headers = { ...bearer(token), ...known }
  return exchange(client, { method: 'GET', path: `/api/v4/secrets?${query}`, headers }, 'read')
}

const folders = z.object({ folders: z.array(z.object({ name: z.string() })) })

/**
 * Whether a folder is there. The 2024 server answers a list of a folder, or of an environment, that does not exist
 * with an empty list; the folders above tell (a wrong environment is an error here).
 */
export async function folderExists(
  client: HttpClient,
  token: string,
  place: Place,
): Promise<Result<boolean, Refused>> {
  const at = place.path.lastIndexOf('/')
  const parent = place.path.slice(0, at) || '/'
  const name = place.path.slice(at + 1)
  const query = new URLSearchParams({
    workspaceId: place.projectId,
    environment: place.environment,
    path: parent,
  })
  const request = { method: 'GET', path: `/api/v1/folders?${query}`, headers: bearer(token) } as const
  const answered = await exchange(client, request, 'read')
  if (!answered.ok) return answered
  const parsed = folders.safeParse(answered.value.json)
  if (!parsed.success) return unknownForm('folders')
  return ok(name === '' || parsed.data.folders.some((folder) => folder.name === name))
}

/** What a write did. */
type Written = 'created' | 'updated'

/**
 * Creates a secret, or gives it a new value. Failures: `approval` where a policy of the project holds the write back
 * (the server answers 200 and has written nothing), and every other refusal.
 */
export async function writeSecret(
  client: HttpClient,
  token: string,
  api: Api,
  place: Place,
  secret: { name: string; value: string; create: boolean },
): Promise<Result<Written, Refused>> {
  const { name, value, create } = secret
  const { projectId, environment, path: secretPath } = place
  const project = api === 'v3' ? { workspaceId: projectId } : { projectId }
  const answered = await exchange(
    client,
    {
      method: create ? 'POST' : 'PATCH',
      path: `/api/${api === 'v3' ? 'v3/secrets/raw' : 'v4/secrets'}/${encodeURIComponent(name)}`,
      headers: bearer(token),
      body: JSON.stringify({ ...project, environment, secretPath, secretValue: value, type: 'shared' }),
    },
    'write',
  )
  if (!answered.ok) return answered
  const body = (answered.value.json ?? {}) as Record<string, unknown>
  if (body.approval !== undefined) return refused({ kind: 'approval', name })
  return body.secret === undefined ? unknownForm('answer to a write') : ok(create ? 'created' : 'updated')
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

function unknownForm(what: string): Result<never, Refused> {
  return refused({ kind: 'not-infisical', why: `its ${what} has an unknown form` })
}

function refused(problem: InfisicalProblem): Result<never, Refused> {
  return err({ problem })
}
