import { expect, test } from 'vitest'
import { fixtures, HIDDEN } from '../support/infisical-server/index.ts'
import { ask } from './client.ts'
import { lab, listIn, MODES, secretIn, TODAY, valuesIn } from './lists-lab.ts'

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
