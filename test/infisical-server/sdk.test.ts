import { InfisicalSDK } from '@infisical/sdk'
import { expect, test } from 'vitest'
import { fixtures, HIDDEN, type Mode } from '../support/infisical-server/index.ts'
import { failureOf, sdkLab } from './sdk-client.ts'

// That the official client works with this server is the best proof that the server speaks as the real one does.

const MODES: Mode[] = ['2024', 'current']

test.each(MODES)('%s: the SDK logs in, reads, writes and renews', async (mode) => {
  await using here = await sdkLab(mode)
  const sdk = await here.login()
  expect(here.server.tokenState(sdk.auth().getAccessToken() ?? '')).toMatchObject({ revoked: false })
  const secrets = sdk.secrets()
  await secrets.createSecret('TOKEN', { ...here.place, secretValue: 'one' })
  await secrets.updateSecret('TOKEN', { ...here.place, secretValue: 'two' })
  expect((await secrets.getSecret({ ...here.place, secretName: 'TOKEN' })).secretValue).toBe('two')
  const list = await secrets.listSecrets(here.place)
  expect(list.secrets.map(({ secretKey, secretValue }) => [secretKey, secretValue])).toEqual([
    ['TOKEN', 'two'],
  ])
  await sdk.auth().universalAuth.renew()
  await sdk.folders().create({ ...here.place, name: 'terraform', path: '/' })
  expect((await sdk.folders().listFolders({ ...here.place, path: '/' })).map(({ name }) => name)).toEqual([
    'terraform',
  ])
  await secrets.deleteSecret('TOKEN', here.place)
  expect(here.project.get('dev', '/', 'TOKEN')).toBeUndefined()
})

test('the requests that it sends are the ones of the reference', async () => {
  await using here = await sdkLab()
  const sdk = await here.login()
  await sdk.secrets().listSecrets({ ...here.place, secretPath: '/', tagSlugs: ['a', 'b'] })
  await failureOf(sdk.secrets().getSecret({ ...here.place, secretName: 'A/B C' }))
  await sdk.auth().universalAuth.renew()
  const [login, list, get, renew] = here.server.requests
  const { clientId, clientSecret } = here.identity
  expect([login?.method, login?.path, login?.body]).toEqual([
    'POST',
    '/api/v1/auth/universal-auth/login',
    JSON.stringify({ clientId, clientSecret }),
  ])
  expect(login?.headers).not.toHaveProperty('authorization')
  expect(list).toMatchObject({
    path: '/api/v3/secrets/raw',
    query: {
      workspaceId: here.project.id,
      environment: 'dev',
      expandSecretReferences: 'true',
      include_imports: 'false',
      recursive: 'false',
      secretPath: '/',
      tagSlugs: 'a,b',
      viewSecretValue: 'true',
    },
  })
  expect(get).toMatchObject({
    path: '/api/v3/secrets/raw/A%2FB%20C',
    query: { secretName: 'A/B C', includeImports: 'false', viewSecretValue: 'true' },
  })
  expect(renew).toMatchObject({ path: '/api/v1/auth/token/renew' })
  expect(Object.keys(JSON.parse(renew?.body ?? ''))).toEqual(['accessToken'])
})

test('a lease', async () => {
  await using here = await sdkLab('current')
  here.project.addDynamicSecret('dev', '/', 'postgres', { DB_PASSWORD: 'p' })
  const sdk = await here.login()
  const scope = { projectSlug: 'lab', environmentSlug: 'dev', path: '/' }
  const { leases } = sdk.dynamicSecrets()
  const taken = await leases.create({ ...scope, dynamicSecretName: 'postgres', ttl: '1h' })
  // The types leave out what it is for.
  expect((taken as { data?: unknown }).data).toEqual({ DB_PASSWORD: 'p' })
  await leases.renew(taken.lease.id, { ...scope, ttl: '2h' })
  await leases.delete(taken.lease.id, { ...scope, isForced: false })
})

test('hidden values reach the caller as a word, with a mark beside it', async () => {
  await using here = await sdkLab('current')
  fixtures.hiddenValues(here.project)
  const sdk = await here.login()
  const { secrets } = await sdk.secrets().listSecrets({ ...here.place, secretPath: '/partly' })
  expect(secrets.find(({ secretKey }) => secretKey === 'CLOSED')?.secretValue).toBe(HIDDEN)
})

test('the rewrite has nothing for it', async () => {
  await using here = await sdkLab('go')
  const sdk = await here.login()
  const failure = await failureOf(sdk.secrets().listSecrets(here.place))
  expect(failure.message).toMatch(/StatusCode=404\] Route GET:\/api\/v3\/secrets\/raw/)
})

test('a token that a second instance is given works', async () => {
  await using here = await sdkLab()
  const token = (await here.login()).auth().getAccessToken() ?? ''
  const second = new InfisicalSDK({ siteUrl: here.server.origin }).auth().accessToken(token)
  expect((await second.secrets().listSecrets(here.place)).secrets).toEqual([])
})
