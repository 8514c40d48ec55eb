import { expect, test } from 'vitest'
import { fixtures } from '../support/infisical-server/index.ts'
import { ask } from './client.ts'
import {
  BARE,
  lab,
  listIn,
  MODES,
  NOW,
  NOW_IMPORTED,
  sameKeys,
  secretIn,
  TODAY,
  valuesIn,
} from './lists-lab.ts'

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
