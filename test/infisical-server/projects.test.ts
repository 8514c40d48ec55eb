import { expect, test } from 'vitest'
import { InfisicalServer, type Mode, type TestProject } from '../support/infisical-server/index.ts'
import { type Answer, ask, tokenOf } from './client.ts'

const MODES: Mode[] = ['2024', 'current', 'go']
const TODAY: Mode[] = ['current', 'go']

interface Lab {
  server: InfisicalServer
  project: TestProject
  get(path: string): Promise<Answer>
  send(method: string, path: string, json: object): Promise<Answer>
}

async function lab(mode: Mode): Promise<Lab> {
  const server = await InfisicalServer.start({ mode })
  const identity = server.addIdentity()
  const project = server.addProject({ slug: 'my-project', environments: ['dev', 'lab'] }).grant(identity)
  const token = await tokenOf(server, identity)
  return {
    server,
    project,
    get: (path) => ask(server, path, { token }),
    send: (method, path, json) => ask(server, path, { method, token, json }),
  }
}

const PROJECT_KEYS =
  'id,name,slug,autoCapitalization,orgId,createdAt,updatedAt,version,upgradeStatus,pitVersionLimit,kmsCertificateKeyId,auditLogsRetentionDays,kmsSecretManagerKeyId,_id,environments'

test.each(MODES)('%s: a project, by its slug and by its id', async (mode) => {
  const here = await lab(mode)
  await using _ = here.server
  const found = await here.get('/api/v2/workspace/my-project')
  expect(Object.keys(found.body as object).join()).toBe(PROJECT_KEYS)
  expect(found.body).toMatchObject({
    id: here.project.id,
    _id: here.project.id,
    slug: 'my-project',
    environments: [
      { name: 'Development', slug: 'dev', id: expect.any(String) },
      { name: 'lab', slug: 'lab', id: expect.any(String) },
    ],
  })
  expect((await here.get(`/api/v1/workspace/${here.project.id}`)).body).toEqual({ workspace: found.body })
})

test('the route of today is not there in 2024', async () => {
  for (const mode of MODES) {
    const here = await lab(mode)
    await using _ = here.server
    const found = await here.get('/api/v1/projects/slug/my-project')
    if (mode === '2024') expect(found.status).toBe(404)
    else expect(found.body).toEqual((await here.get('/api/v2/workspace/my-project')).body)
  }
})

test.each(MODES)('%s: folders are listed one level at a time, and made', async (mode) => {
  const here = await lab(mode)
  await using _ = here.server
  here.project.addFolder('dev', '/terraform/modules')
  const query = `workspaceId=${here.project.id}&environment=dev`
  const names = async (path: string): Promise<string[]> => {
    const { body } = await here.get(`/api/v1/folders?${query}&path=${path}`)
    return (body as { folders: { name: string }[] }).folders.map(({ name }) => name)
  }
  expect(await names('/')).toEqual(['terraform'])
  expect(await names('/terraform/')).toEqual(['modules'])
  expect(await names('/nowhere')).toEqual([])
  const scope = { workspaceId: here.project.id, environment: 'dev' }
  const made = await here.send('POST', '/api/v1/folders', { ...scope, name: 'x', path: '/terraform' })
  const { folder } = made.body as { folder: Record<string, unknown> }
  expect(Object.keys(folder).join()).toBe('id,name,version,createdAt,updatedAt,envId,parentId,isReserved')
  expect(folder).toMatchObject({ name: 'x', version: 1, isReserved: false, parentId: expect.any(String) })
  expect(await names('/terraform')).toEqual(['modules', 'x'])
  expect(
    (await here.send('POST', '/api/v1/folders', { ...scope, name: 'x', path: '/terraform' })).status,
  ).toBe(400)
})

test('folders by the route of today', async () => {
  for (const mode of MODES) {
    const here = await lab(mode)
    await using _ = here.server
    here.project.addFolder('dev', '/terraform')
    const answer = await here.get(`/api/v2/folders?projectId=${here.project.id}&environment=dev&path=/`)
    if (mode === '2024') expect(answer.status).toBe(404)
    else expect(answer.body).toMatchObject({ folders: [{ name: 'terraform' }] })
  }
})

test.each(TODAY)('%s: who am I', async (mode) => {
  const here = await lab(mode)
  await using _ = here.server
  expect((await here.get('/api/v1/identities/details')).body).toEqual({
    identityDetails: { organization: { id: expect.any(String), name: 'Lab', slug: 'lab' } },
  })
})

test.each(MODES)("%s: the status needs no token, and tells the server's time", async (mode) => {
  await using server = await InfisicalServer.start({ mode })
  server.advance(3600)
  const { body } = await ask(server, '/api/status')
  expect(body).toEqual({
    date: expect.any(String),
    message: 'Ok',
    emailConfigured: false,
    inviteOnlySignup: true,
    redisConfigured: true,
    secretScanningConfigured: false,
  })
  expect(Date.parse((body as { date: string }).date) - Date.now()).toBeGreaterThan(3_590_000)
})

test.each(MODES)('%s: a lease is taken, renewed and given back', async (mode) => {
  const here = await lab(mode)
  await using _ = here.server
  here.project.addDynamicSecret('dev', '/', 'postgres', { DB_USERNAME: 'u', DB_PASSWORD: 'p' })
  const scope = { projectSlug: 'my-project', environmentSlug: 'dev', path: '/' }
  const leases = '/api/v1/dynamic-secrets/leases'
  const taken = await here.send('POST', leases, { ...scope, dynamicSecretName: 'postgres', ttl: '1h' })
  const body = taken.body as { lease: { id: string; expireAt: string }; data: object; dynamicSecret: object }
  expect(Object.keys(body.lease).join()).toBe(
    'id,version,externalEntityId,expireAt,status,statusDetails,dynamicSecretId,createdAt,updatedAt',
  )
  expect(body.data).toEqual({ DB_USERNAME: 'u', DB_PASSWORD: 'p' })
  expect(body.dynamicSecret).toMatchObject({ name: 'postgres', maxTTL: '24h', defaultTTL: '1h' })
  const end = Date.parse(body.lease.expireAt)
  here.server.advance(1800)
  const renewed = await here.send('POST', `${leases}/${body.lease.id}/renew`, scope)
  const later = Date.parse((renewed.body as { lease: { expireAt: string } }).lease.expireAt)
  expect(later - end).toBeGreaterThan(1_790_000)
  expect(
    (await here.send('DELETE', `${leases}/${body.lease.id}`, { ...scope, isForced: false })).status,
  ).toBe(200)
  const missing = mode === '2024' ? 400 : 404
  expect((await here.send('DELETE', `${leases}/${body.lease.id}`, scope)).status).toBe(missing)
  const unknown = await here.send('POST', leases, { ...scope, dynamicSecretName: 'nothing' })
  expect(unknown.status).toBe(missing)
  const short = await here.send('POST', leases, { ...scope, dynamicSecretName: 'postgres', ttl: '5s' })
  expect(short.status).toBe({ 2024: 403, current: 422, go: 400 }[mode])
})

test('a project of which the identity is no member is refused under each of its names', async () => {
  for (const mode of MODES) {
    const here = await lab(mode)
    await using _ = here.server
    const other = here.server.addProject({ slug: 'other' })
    expect((await here.get('/api/v2/workspace/other')).status).toBe(403)
    expect((await here.get(`/api/v1/workspace/${other.id}`)).status).toBe(403)
  }
})
