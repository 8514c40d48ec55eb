import { expect, test } from 'vitest'
import { fixtures, InfisicalServer, type Mode, type TestProject } from '../support/infisical-server/index.ts'
import { type Answer, ask, tokenOf } from './client.ts'

const MODES: Mode[] = ['2024', 'current', 'go']

interface Lab {
  server: InfisicalServer
  project: TestProject
  token: string
  send(method: string, name: string, body?: object): Promise<Answer>
  batch(method: string, secrets: object[]): Promise<Answer>
}

async function lab(mode: Mode): Promise<Lab> {
  const server = await InfisicalServer.start({ mode })
  const identity = server.addIdentity()
  const project = server.addProject({ slug: 'lab' }).grant(identity)
  const token = await tokenOf(server, identity)
  const old = mode === '2024'
  const place = { [old ? 'workspaceId' : 'projectId']: project.id, environment: 'dev' }
  const base = old ? '/api/v3/secrets/raw' : '/api/v4/secrets'
  return {
    server,
    project,
    token,
    send: (method, name, body = {}) =>
      ask(server, `${base}/${encodeURIComponent(name)}`, { method, token, json: { ...place, ...body } }),
    batch: (method, secrets) =>
      ask(server, old ? '/api/v3/secrets/batch/raw' : '/api/v4/secrets/batch', {
        method,
        token,
        json: { ...place, secrets },
      }),
  }
}

const secretIn = (answer: Answer): Record<string, unknown> =>
  (answer.body as { secret: Record<string, unknown> }).secret

test.each(MODES)('%s: create, change, delete', async (mode) => {
  const here = await lab(mode)
  await using _ = here.server
  const made = await here.send('POST', 'TOKEN', { secretValue: 'one', secretComment: 'mine' })
  expect(made.status).toBe(200)
  expect(secretIn(made)).toMatchObject({
    secretKey: 'TOKEN',
    secretValue: 'one',
    secretComment: 'mine',
    version: 1,
  })
  const changed = await here.send('PATCH', 'TOKEN', { secretValue: 'two' })
  expect(secretIn(changed)).toMatchObject({ secretValue: 'two', version: 2, secretComment: 'mine' })
  const renamed = await here.send('PATCH', 'TOKEN', { secretValue: 'two', newSecretName: 'RENAMED' })
  expect(secretIn(renamed).secretKey).toBe('RENAMED')
  expect([here.project.get('dev', '/', 'TOKEN'), here.project.get('dev', '/', 'RENAMED')]).toEqual([
    undefined,
    'two',
  ])
  const removed = await here.send('DELETE', 'RENAMED')
  expect(removed.status).toBe(200)
  expect(here.project.get('dev', '/', 'RENAMED')).toBeUndefined()
  if (mode !== '2024') return
  for (const answer of [made, changed, removed]) {
    expect(Object.keys(secretIn(answer)).join()).toBe(
      'id,_id,workspace,environment,version,type,secretKey,secretValue,secretComment',
    )
  }
})

test('renaming alone: refused in 2024, which wants a value, and done today', async () => {
  for (const mode of MODES) {
    const here = await lab(mode)
    await using _ = here.server
    here.project.set('dev', '/', 'A', 'value')
    const answer = await here.send('PATCH', 'A', { newSecretName: 'B' })
    expect(answer.status).toBe(mode === '2024' ? 403 : 200)
    if (mode === '2024') expect(answer.body).toMatchObject({ error: 'ValidationFailure' })
    else expect(here.project.get('dev', '/', 'B')).toBe('value')
  }
})

test.each([
  ['\n\nx\n\n\n', 'x\n'],
  ['tab\t', 'tab'],
  ['crlf\r\n', 'crlf\n'],
  [' \n', '\n'],
  ['  both  ', 'both'],
  ['in  side', 'in  side'],
  ['a\0b', 'a\0b'],
  ['', ''],
])('what is written is trimmed: %j becomes %j', async (given, kept) => {
  for (const mode of MODES) {
    const here = await lab(mode)
    await using _ = here.server
    const made = await here.send('POST', 'A', { secretValue: given })
    expect(secretIn(made).secretValue).toBe(kept)
    expect(here.project.get('dev', '/', 'A')).toBe(kept)
  }
})

test('900 KiB are taken', async () => {
  for (const mode of MODES) {
    const here = await lab(mode)
    await using _ = here.server
    const secretValue = 'x'.repeat(900 * 1024)
    expect((await here.send('POST', 'A', { secretValue })).status).toBe(200)
  }
})

test('names: 2024 takes anything, today not colons, slashes or nothing', async () => {
  const old = await lab('2024')
  await using _old = old.server
  for (const name of ['A B/C', 'a:b', 'lower']) {
    expect((await old.send('POST', name, { secretValue: 'v' })).status).toBe(200)
  }
  for (const mode of ['current', 'go'] as const) {
    const here = await lab(mode)
    await using _ = here.server
    for (const name of ['A/B', 'a:b', ' ']) {
      expect((await here.send('POST', name, { secretValue: 'v' })).status).toBe(mode === 'go' ? 400 : 422)
    }
    expect(secretIn(await here.send('POST', ' A ', { secretValue: 'v' })).secretKey).toBe('A')
    for (const name of ['..', '-rf', 'A=B', '$(id)', 'LD_PRELOAD']) {
      expect((await here.send('POST', name, { secretValue: 'v' })).status).toBe(200)
    }
  }
})

test.each(MODES)('%s: under a policy a write answers 200, and nothing is written', async (mode) => {
  const here = await lab(mode)
  await using _ = here.server
  fixtures.approvals(here.project)
  const secretPath = '/approved'
  for (const [method, name] of [
    ['POST', 'NEW'],
    ['PATCH', 'TOKEN'],
    ['DELETE', 'TOKEN'],
  ] as const) {
    const answer = await here.send(method, name, { secretPath, secretValue: 'new' })
    expect(answer.status).toBe(200)
    expect(Object.keys(answer.body as object)).toEqual(['approval'])
    expect(answer.body).toMatchObject({ approval: { status: 'open', hasMerged: false } })
  }
  expect(here.project.get('dev', secretPath, 'TOKEN')).toBe('old')
  expect(here.project.get('dev', secretPath, 'NEW')).toBeUndefined()
})

test.each(MODES)('%s: a batch happens whole or not at all', async (mode) => {
  const here = await lab(mode)
  await using _ = here.server
  const pair = [
    { secretKey: 'A', secretValue: '1' },
    { secretKey: 'B', secretValue: '2' },
  ]
  const made = await here.batch('POST', pair)
  expect(made.body).toMatchObject({ secrets: pair })
  const versions = (made.body as { secrets: { version: number }[] }).secrets.map(({ version }) => version)
  expect(versions).toEqual(mode === '2024' ? [0, 0] : [1, 1])
  const half = [{ secretKey: 'C', secretValue: '3' }, pair[0] ?? {}]
  expect((await here.batch('POST', half)).status).toBe(400)
  expect(here.project.get('dev', '/', 'C')).toBeUndefined()
  expect((await here.batch('POST', [half[0] ?? {}, half[0] ?? {}])).status).toBe(400)
  expect(here.project.get('dev', '/', 'C')).toBeUndefined()
  expect((await here.batch('DELETE', [{ secretKey: 'A' }, { secretKey: 'B' }])).status).toBe(200)
  expect(here.project.get('dev', '/', 'A')).toBeUndefined()
})

test.each<Mode>(['current', 'go'])('%s: secrets move', async (mode) => {
  const here = await lab(mode)
  await using _ = here.server
  here.project.addFolder('staging', '/there')
  const { id } = secretIn(await here.send('POST', 'A', { secretValue: 'v' }))
  const json = {
    projectId: here.project.id,
    sourceEnvironment: 'dev',
    sourceSecretPath: '/',
    destinationEnvironment: 'staging',
    destinationSecretPath: '/there',
    secretIds: [id],
  }
  const { server, token } = here
  const moved = await ask(server, '/api/v4/secrets/move', { token, json })
  expect(moved.body).toEqual({ isSourceUpdated: true, isDestinationUpdated: true })
  expect([here.project.get('dev', '/', 'A'), here.project.get('staging', '/there', 'A')]).toEqual([
    undefined,
    'v',
  ])
  expect((await ask(server, '/api/v4/secrets/move', { token, json })).status).toBe(404)
})

test('today a secret keeps its metadata', async () => {
  const here = await lab('current')
  await using _ = here.server
  const secretMetadata = [{ key: 'team', value: 'red' }]
  const made = await here.send('POST', 'A', { secretValue: 'v', secretMetadata })
  expect(secretIn(made).secretMetadata).toEqual([{ key: 'team', value: 'red', isEncrypted: false }])
})
