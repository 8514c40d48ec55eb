import { expect, test } from 'vitest'
import {
  fixtures,
  HIDDEN,
  InfisicalServer,
  type Mode,
  type TestIdentity,
  type TestProject,
} from '../support/infisical-server/index.ts'
import { type Answer, ask, tokenOf } from './client.ts'

const MODES: Mode[] = ['2024', 'current', 'go']
const TODAY: Mode[] = ['current', 'go']

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

async function lab(mode: Mode): Promise<Lab> {
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

const listIn = (answer: Answer): List => answer.body as List
const valuesIn = (entries: Entry[]): Record<string, string> =>
  Object.fromEntries(entries.map(({ secretKey, secretValue }) => [secretKey, secretValue]))
const secretIn = (answer: Answer): Entry => (answer.body as { secret: Entry }).secret

const BARE = [
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
const NOW_IMPORTED = [
  ...BARE,
  ...['secretReminderNote', 'secretReminderRepeatDays', 'skipMultilineEncoding', 'actor', 'isRotatedSecret'],
  ...['rotationId', 'secretValueHidden', 'secretMetadata'],
]
const NOW = [...NOW_IMPORTED, 'createdAt', 'updatedAt', 'secretPath', 'tags']

const sameKeys = (value: unknown, keys: string[]): void =>
  expect(Object.keys(value as object).sort()).toEqual([...keys].sort())

test('2024: the exact keys of a list, its imports and a single secret', async () => {
  await using here = await lab('2024')
  fixtures.conflictingImports(here.project)
  const plain = listIn(await here.list('/imports'))
  expect(plain.imports).toEqual([])
  sameKeys(plain, ['secrets', 'imports'])
  const all = listIn(await here.list('/imports', { include_imports: 'true' }))
  sameKeys(all.secrets[0], [...BARE, 'secretPath'])
  sameKeys(all.imports?.[0], ['secretPath', 'environment', 'folderId', 'secrets'])
  sameKeys(all.imports?.[0]?.secrets[0], BARE)
  sameKeys(secretIn(await here.get('OWN', '/imports')), [...BARE, 'tags'])
  sameKeys(secretIn(await here.get('OWN', '/imports', { version: '1' })), BARE)
  sameKeys(secretIn(await here.get('OWN', '/imports', { include_imports: 'true' })), BARE)
})

test.each(TODAY)('%s: the exact keys of a list, its imports and a single secret', async (mode) => {
  await using here = await lab(mode)
  fixtures.conflictingImports(here.project)
  const all = listIn(await here.list('/imports'))
  sameKeys(all, ['secrets', 'imports'])
  sameKeys(all.secrets[0], NOW)
  sameKeys(all.imports?.[0]?.secrets[0], NOW_IMPORTED)
  sameKeys(secretIn(await here.get('OWN', '/imports')), NOW)
  expect(all.secrets[0]).toMatchObject({
    workspace: here.project.id,
    environment: 'dev',
    version: 1,
    type: 'shared',
    secretPath: '/imports',
    secretReminderNote: null,
    secretReminderRepeatDays: null,
    skipMultilineEncoding: false,
    actor: { actorId: null, actorType: null, name: null, membershipId: null, groupId: null },
    isRotatedSecret: false,
    rotationId: null,
    secretValueHidden: false,
  })
  const without = listIn(await here.list('/imports', { includeImports: 'false' }))
  expect(without).not.toHaveProperty('imports')
})

test('v4 without imports: Node says [], Go says nothing', async () => {
  for (const mode of TODAY) {
    await using here = await lab(mode)
    here.project.set('dev', '/', 'A', '1')
    expect(Object.keys(listIn(await here.list('/')))).toEqual(
      mode === 'go' ? ['secrets'] : ['secrets', 'imports'],
    )
  }
})

test('v3 is served today with the keys of today, and gone in the rewrite', async () => {
  await using current = await lab('current')
  fixtures.conflictingImports(current.project)
  const all = listIn(await current.list('/imports', { include_imports: 'true' }, 3))
  sameKeys(all.secrets[0], NOW)
  expect(all.imports).toHaveLength(2)
  expect(listIn(await current.list('/imports', {}, 3)).imports).toEqual([])
  await using go = await lab('go')
  const path = '/api/v3/secrets/raw?environment=dev'
  expect((await ask(go.server, path, { token: go.token })).text).toBe(
    '{"message":"Route GET:/api/v3/secrets/raw?environment=dev not found","error":"Not Found","statusCode":404}',
  )
})

test('v4 is not there in 2024', async () => {
  await using here = await lab('2024')
  const path = '/api/v4/secrets?projectId=x&environment=dev'
  const answer = await ask(here.server, path, { token: here.token })
  expect([answer.status, answer.text]).toEqual([
    404,
    `{"message":"Route GET:${path} not found","error":"Not Found","statusCode":404}`,
  ])
})

test.each(MODES)(
  '%s: nothing is merged; nested imports are part of the one that names them',
  async (mode) => {
    await using here = await lab(mode)
    fixtures.conflictingImports(here.project)
    const all = listIn(await here.list('/imports', { include_imports: 'true' }))
    expect(valuesIn(all.secrets)).toEqual({ OWN: 'of the folder' })
    expect(all.imports?.map(({ environment, secretPath }) => [environment, secretPath])).toEqual([
      ['dev', '/first'],
      ['staging', '/last'],
    ])
    const [first, last] = all.imports ?? []
    expect(valuesIn(last?.secrets ?? [])).toEqual({ OWN: 'of last', SHARED: 'of last' })
    const names = first?.secrets.map(({ secretKey }) => secretKey)
    // Only the rewrite repeats a name that the nested import has too.
    const twice = mode === 'go' ? ['SHARED'] : []
    expect(names?.sort()).toEqual(['ONLY_DEEPER', 'ONLY_FIRST', 'OWN', 'SHARED', ...twice].sort())
  },
)

test.each(MODES)(
  '%s: the fixture says what a client has to make of it: the last import wins',
  async (mode) => {
    await using here = await lab(mode)
    const expected = fixtures.conflictingImports(here.project)
    const all = listIn(await here.list('/imports', { include_imports: 'true' }))
    const merged: Record<string, string> = {}
    for (const one of all.imports ?? []) Object.assign(merged, valuesIn(one.secrets.toReversed()))
    Object.assign(merged, valuesIn(all.secrets))
    expect(merged).toEqual(expected)
  },
)

test.each(MODES)('%s: folders that import each other end', async (mode) => {
  await using here = await lab(mode)
  fixtures.circularImports(here.project)
  const all = listIn(await here.list('/round', { include_imports: 'true' }))
  expect(valuesIn(all.imports?.[0]?.secrets ?? [])).toEqual({ ABOUT: '2' })
})

test('2024: an imported secret is found by a single GET only with include_imports', async () => {
  await using here = await lab('2024')
  fixtures.conflictingImports(here.project)
  expect((await here.get('SHARED', '/imports')).text).toBe(
    '{"statusCode":400,"message":"Secret not found","error":"BadRequest"}',
  )
  expect((await here.get('SHARED', '/imports', { includeImports: 'true' })).status).toBe(400)
  const found = secretIn(await here.get('SHARED', '/imports', { include_imports: 'true' }))
  expect(found).toMatchObject({ secretValue: 'of last', environment: 'staging' })
})

test.each(TODAY)('%s: an imported secret is found by a single GET, from the last import', async (mode) => {
  await using here = await lab(mode)
  fixtures.conflictingImports(here.project)
  expect(secretIn(await here.get('SHARED', '/imports')).secretValue).toBe('of last')
  expect((await here.get('SHARED', '/imports', { includeImports: 'false' })).status).toBe(404)
})

test.each(MODES)('%s: references are followed in a list', async (mode) => {
  await using here = await lab(mode)
  const expected = fixtures.references(here.project)
  const expandSecretReferences = 'true'
  expect(valuesIn(listIn(await here.list('/references', { expandSecretReferences })).secrets)).toEqual(
    expected,
  )
  const literal = valuesIn(
    listIn(await here.list('/references', { expandSecretReferences: 'false' })).secrets,
  )
  expect(literal.USER_AT_HOST).toBe(`lab@${fixtures.ref('HOST')}`)
})

test('references are followed by default today, not in 2024', async () => {
  for (const mode of MODES) {
    await using here = await lab(mode)
    fixtures.references(here.project)
    const values = valuesIn(listIn(await here.list('/references')).secrets)
    expect(values.USER_AT_HOST === 'lab@db').toBe(mode !== '2024')
  }
})

test('a single GET follows a reference in its folder today; in 2024 only one to elsewhere', async () => {
  for (const mode of MODES) {
    await using here = await lab(mode)
    fixtures.references(here.project)
    const value = async (name: string): Promise<string> =>
      secretIn(await here.get(name, '/references', { expandSecretReferences: 'true' })).secretValue
    expect(await value('USER_AT_HOST')).toBe(mode === '2024' ? `lab@${fixtures.ref('HOST')}` : 'lab@db')
    expect(await value('DEEP')).toBe('of web')
  }
})

test.each(MODES)('%s: what leads nowhere stays as it is, a circle ends half expanded', async (mode) => {
  await using here = await lab(mode)
  fixtures.brokenReferences(here.project)
  const answer = await here.list('/broken', { expandSecretReferences: 'true' })
  expect(answer.status).toBe(200)
  const values = valuesIn(listIn(answer).secrets)
  expect(values.MISSING).toBe(`a ${fixtures.ref('NOWHERE')} b`)
  expect(values.MISSING_ENVIRONMENT).toBe(fixtures.ref('nowhere.KEY'))
  expect(values.A).toMatch(/^\$\{[AB]\}[ab]+a$/)
  expect(values.B).toMatch(/^\$\{[AB]\}[ab]*b/)
})

test('current: another project is named with @, and a hidden target refuses the whole request', async () => {
  await using here = await lab('current')
  const shared = here.server.addProject({ slug: 'shared' })
  shared.set('dev', '/apps', 'KEY', 'of shared')
  here.project.set('dev', '/', 'FAR', fixtures.ref('@shared.dev.apps.KEY'))
  expect((await here.list('/')).status).toBe(403)
  shared.grant(here.identity)
  expect(valuesIn(listIn(await here.list('/')).secrets)).toEqual({ FAR: 'of shared' })
  here.project.set('dev', '/near', 'BAD', fixtures.ref('dev.shut.CLOSED'))
  here.project.set('dev', '/shut', 'CLOSED', 'not seen').hide('dev', '/shut', 'CLOSED')
  const refused = await here.list('/near')
  expect(refused.body).toMatchObject({ statusCode: 403, error: 'ForbiddenError' })
  expect(refused.text).toContain('secret named CLOSED from environment dev in path /shut')
  expect((await here.list('/near', { expandSecretReferences: 'false' })).status).toBe(200)
})

test.each(MODES)('%s: a recursive list repeats names, and the path tells them apart', async (mode) => {
  await using here = await lab(mode)
  fixtures.duplicates(here.project)
  const found = listIn(await here.list('/tree', { recursive: 'true' })).secrets
  expect(found.map(({ secretPath, secretValue }) => [secretPath, secretValue]).sort()).toEqual([
    ['/tree', 'top'],
    ['/tree/one', 'one'],
    ['/tree/one/two', 'two'],
    ['/tree/other', 'other'],
  ])
  expect(listIn(await here.list('/tree')).secrets).toHaveLength(1)
})

test('2024: values are never hidden, whatever is asked', async () => {
  await using here = await lab('2024')
  fixtures.hiddenValues(here.project)
  expect(valuesIn(listIn(await here.list('/partly', { viewSecretValue: 'false' })).secrets)).toEqual({
    OPEN: 'seen',
    CLOSED: 'not seen',
  })
})

test.each(TODAY)('%s: a hidden value is a word that must never be used', async (mode) => {
  await using here = await lab(mode)
  fixtures.hiddenValues(here.project)
  const found = listIn(await here.list('/partly')).secrets
  expect(found.map((one) => [one.secretKey, one.secretValue, one.secretValueHidden])).toEqual([
    ['OPEN', 'seen', false],
    ['CLOSED', HIDDEN, true],
  ])
  expect(HIDDEN).toBe('<hidden-by-infisical>')
  const unseen = listIn(await here.list('/partly', { viewSecretValue: 'false' })).secrets
  expect(unseen.map((one) => [one.secretValue, one.secretValueHidden])).toEqual([
    [HIDDEN, true],
    [HIDDEN, true],
  ])
})

test('without the right to values the request is refused today, and hidden in the rewrite', async () => {
  await using current = await lab('current')
  fixtures.hiddenValues(current.project)
  expect((await current.list('/shut')).body).toMatchObject({
    statusCode: 403,
    error: 'PermissionDenied',
    message: 'You are not allowed to readValue on secrets',
    details: [{ action: ['readValue'], inverted: true, subject: ['secrets'], conditions: expect.anything() }],
  })
  expect((await current.list('/shut', { viewSecretValue: 'false' })).status).toBe(200)
  await using go = await lab('go')
  fixtures.hiddenValues(go.project)
  expect(valuesIn(listIn(await go.list('/shut')).secrets)).toEqual({ CLOSED: HIDDEN })
})

test.each(TODAY)('%s: below the path asked for, what may not be read is left out', async (mode) => {
  await using here = await lab(mode)
  fixtures.hiddenValues(here.project)
  const answer = await here.list('/above', { recursive: 'true' })
  expect([answer.status, valuesIn(listIn(answer).secrets)]).toEqual([200, { OPEN: 'seen' }])
})

test.each(MODES)('%s: values arrive byte for byte', async (mode) => {
  await using here = await lab(mode)
  const expected = fixtures.exactValues(here.project)
  expect(valuesIn(listIn(await here.list('/exact')).secrets)).toEqual(expected)
  expect(expected.NUL).toBe('a\0b')
  expect(secretIn(await here.get('LARGE', '/exact')).secretValue).toHaveLength(900 * 1024)
})

test.each(MODES)('%s: names of all kinds are served, and found by their own case only', async (mode) => {
  await using here = await lab(mode)
  const names = fixtures.nastyNames(here.project)
  const found = listIn(await here.list('/nasty')).secrets.map(({ secretKey }) => secretKey)
  expect(found.sort()).toEqual([...names].sort())
  expect(secretIn(await here.get('A B', '/nasty')).secretKey).toBe('A B')
  expect((await here.get('path', '/nasty')).status).toBe(mode === '2024' ? 400 : 404)
})

test("versions: an old one is served; one that never was is today's in 2024", async () => {
  for (const mode of MODES) {
    await using here = await lab(mode)
    here.project.set('dev', '/', 'A', 'one').set('dev', '/', 'A', 'two')
    expect(secretIn(await here.get('A', '/', { version: '1' }))).toMatchObject({
      secretValue: 'one',
      version: 1,
    })
    const never = await here.get('A', '/', { version: '99' })
    if (mode === '2024') expect(secretIn(never)).toMatchObject({ secretValue: 'two', version: 2 })
    else expect(never.status).toBe(404)
  }
})

test.each(MODES)('%s: tags and metadata narrow a list', async (mode) => {
  await using here = await lab(mode)
  here.project
    .set('dev', '/', 'A', '1', { tags: ['web'], metadata: { team: 'red', tier: '1' } })
    .set('dev', '/', 'B', '2', { tags: ['db', 'web'], metadata: { team: 'blue' } })
    .set('dev', '/', 'C', '3')
  const names = async (query: Record<string, string>): Promise<string[]> =>
    listIn(await here.list('/', query)).secrets.map(({ secretKey }) => secretKey)
  expect(await names({ tagSlugs: 'db,other' })).toEqual(['B'])
  expect(await names({ tagSlugs: 'web' })).toEqual(['A', 'B'])
  expect(await names({ metadataFilter: 'key=team,value=red|key=tier,value=1' })).toEqual(['A'])
  const eleven = Array.from({ length: 11 }, (_, i) => `key=k${i},value=v`).join('|')
  expect((await here.list('/', { metadataFilter: eleven })).status).toBe(
    { 2024: 403, current: 422, go: 400 }[mode],
  )
})

test.each(TODAY)('%s: a secret is found by its id', async (mode) => {
  await using here = await lab(mode)
  here.project.set('dev', '/deep/er', 'A', 'found')
  const { id } = secretIn(await here.get('A', '/deep/er'))
  const answer = await ask(here.server, `/api/v4/secrets/id/${id}`, { token: here.token })
  expect(secretIn(answer)).toMatchObject({ id, secretValue: 'found', secretPath: '/deep/er' })
  expect((await ask(here.server, '/api/v4/secrets/id/none', { token: here.token })).status).toBe(404)
})

test('2024: by slug instead of id, unknown keys ignored, slashes at the end dropped', async () => {
  await using here = await lab('2024')
  here.project.set('dev', '/terraform', 'A', '1')
  const path =
    '/api/v3/secrets/raw/?workspaceSlug=lab&environment=dev&secretPath=/terraform/&includeImports=yes'
  const answer = await ask(here.server, path, { token: here.token })
  expect(valuesIn(listIn(answer).secrets)).toEqual({ A: '1' })
})

test('2024: a path that is not there is an empty list, like an empty folder', async () => {
  await using here = await lab('2024')
  here.project.set('dev', '/terraform', 'A', '1').addFolder('dev', '/empty')
  const nothing = '{"secrets":[],"imports":[]}'
  for (const path of ['/empty', '/nowhere', 'terraform']) expect((await here.list(path)).text).toBe(nothing)
  expect((await here.list('/', { environment: 'nowhere' })).text).toBe(nothing)
})
