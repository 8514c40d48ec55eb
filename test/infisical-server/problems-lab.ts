/** What the tests of refusals share: a server, a project and the requests to it. */
import { expect } from 'vitest'
import {
  InfisicalServer,
  type Mode,
  type TestIdentity,
  type TestProject,
} from '../support/infisical-server/index.ts'
import { type Answer, ask, tokenOf } from './client.ts'

// What 2024 answers was recorded and is compared as text. What today's generation answers was read in its source and
// is compared key by key, with the id of the request, which is new each time.

export interface Lab {
  server: InfisicalServer
  identity: TestIdentity
  project: TestProject
  token: string
  mode: Mode
  /** The secrets route of this generation, with the project and any query. */
  secrets(query?: Record<string, string>, name?: string): string
}

export async function lab(mode: Mode): Promise<Lab> {
  const server = await InfisicalServer.start({ mode })
  const identity = server.addIdentity({ name: 'lab' })
  const project = server
    .addProject({ slug: 'lab' })
    .grant(identity)
    .set('dev', '/terraform', 'TOKEN', 'value')
  const token = await tokenOf(server, identity)
  const version = mode === '2024' ? 3 : 4
  const base = version === 3 ? '/api/v3/secrets/raw' : '/api/v4/secrets'
  const id = version === 3 ? 'workspaceId' : 'projectId'
  const secrets = (query: Record<string, string> = {}, name = ''): string => {
    const all = { [id]: project.id, environment: 'dev', ...query }
    return `${base}${name && `/${name}`}?${new URLSearchParams(all)}`
  }
  return { server, identity, project, token, mode, secrets }
}

export const LOGIN = '/api/v1/auth/universal-auth/login'
export const UUID = '00000000-0000-4000-8000-000000000000'
export const write = ({ mode, project }: Lab, more: object = {}): object => ({
  [mode === '2024' ? 'workspaceId' : 'projectId']: project.id,
  environment: 'dev',
  secretPath: '/terraform',
  secretValue: 'new',
  ...more,
})

export interface Case {
  name: string
  ask: (lab: Lab) => Promise<Answer>
  /** The recorded text. */
  old?: string
  now?: Record<string, unknown>
  /** Where the rewrite differs from today's. */
  go?: Record<string, unknown>
}

export const get = (path: (lab: Lab) => string) => (here: Lab) =>
  ask(here.server, path(here), { token: here.token })
export const send = (method: string, name: string, json: (lab: Lab) => object) => (here: Lab) =>
  ask(here.server, here.secrets({}, name).split('?')[0] ?? '', {
    method,
    token: here.token,
    json: json(here),
  })
export const folderMissing = (path: string, environment = 'dev'): Record<string, unknown> => ({
  statusCode: 404,
  message: `Folder with path '${path}' in environment '${environment}' was not found. Please ensure the environment slug and secret path is correct.`,
  error: 'SecretPathNotFound',
})

export const REQUEST_ID = expect.stringMatching(/^req-[A-Za-z0-9]{14}$/)
