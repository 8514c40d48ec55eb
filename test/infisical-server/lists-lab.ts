/** What the tests of lists share: a server with secrets, and what stands in its answers. */
import { expect } from 'vitest'
import {
  InfisicalServer,
  type Mode,
  type TestIdentity,
  type TestProject,
} from '../support/infisical-server/index.ts'
import { type Answer, ask, tokenOf } from './client.ts'

export const MODES: Mode[] = ['2024', 'current', 'go']
export const TODAY: Mode[] = ['current', 'go']

interface Entry {
  [key: string]: unknown
  secretKey: string
  secretValue: string
  secretPath?: string
}

interface List {
  secrets: Entry[]
  imports?: { secretPath: string; environment: string; folderId: string; secrets: Entry[] }[]
}

interface Lab {
  server: InfisicalServer
  identity: TestIdentity
  project: TestProject
  token: string
  list(path: string, query?: Record<string, string>, version?: 3 | 4): Promise<Answer>
  get(name: string, path: string, query?: Record<string, string>, version?: 3 | 4): Promise<Answer>
  [Symbol.asyncDispose](): Promise<void>
}

export async function lab(mode: Mode): Promise<Lab> {
  const server = await InfisicalServer.start({ mode })
  const identity = server.addIdentity()
  const project = server.addProject({ slug: 'lab' }).grant(identity)
  const token = await tokenOf(server, identity)
  const usual = mode === '2024' ? 3 : 4
  const search = (version: 3 | 4, path: string, query: Record<string, string>): string => {
    const id = version === 3 ? 'workspaceId' : 'projectId'
    return new URLSearchParams({
      [id]: project.id,
      environment: 'dev',
      secretPath: path,
      ...query,
    }).toString()
  }
  return {
    server,
    identity,
    project,
    token,
    list: (path, query = {}, version = usual) => {
      const route = version === 3 ? '/api/v3/secrets/raw' : '/api/v4/secrets'
      return ask(server, `${route}?${search(version, path, query)}`, { token })
    },
    get: (name, path, query = {}, version = usual) => {
      const route = version === 3 ? '/api/v3/secrets/raw' : '/api/v4/secrets'
      return ask(server, `${route}/${encodeURIComponent(name)}?${search(version, path, query)}`, { token })
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

export const listIn = (answer: Answer): List => answer.body as List
export const valuesIn = (entries: Entry[]): Record<string, string> =>
  Object.fromEntries(entries.map(({ secretKey, secretValue }) => [secretKey, secretValue]))
export const secretIn = (answer: Answer): Entry => (answer.body as { secret: Entry }).secret

export const BARE = [
  ...[
    'id',
    '_id',
    'workspace',
    'environment',
    'version',
    'type',
    'secretKey',
    'secretValue',
    'secretComment',
  ],
]
export const NOW_IMPORTED = [
  ...BARE,
  ...['secretReminderNote', 'secretReminderRepeatDays', 'skipMultilineEncoding', 'actor', 'isRotatedSecret'],
  ...['rotationId', 'secretValueHidden', 'secretMetadata'],
]
export const NOW = [...NOW_IMPORTED, 'createdAt', 'updatedAt', 'secretPath', 'tags']

export const sameKeys = (value: unknown, keys: string[]): void =>
  expect(Object.keys(value as object).sort()).toEqual([...keys].sort())
