import { InfisicalSDK } from '@infisical/sdk'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { fixtures, InfisicalServer, needlessTokens, received } from '../support/infisical-server/index.ts'
import { until } from '../support/until.ts'
import { ATTEMPT, failureOf, hurry, sdkLab } from './sdk-client.ts'

// What the official client does wrong, each shown as a fact: the guards around it are tested against the same facts,
// and a newer version that no longer does one of these makes its test fail, which says that a guard may go.

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('who it trusts', () => {
  test('1: a page of HTML counts as a login, and the word undefined as a token', async () => {
    await using here = await sdkLab()
    here.server.fault({ kind: 'html-200' })
    const sdk = await here.login()
    await failureOf(sdk.secrets().listSecrets(here.place))
    expect(here.server.requests.at(-1)?.headers.authorization).toBe('Bearer undefined')
  })

  test('2: it carries the credentials to wherever a redirect points', async () => {
    await using here = await sdkLab()
    await using other = await InfisicalServer.start()
    here.server.fault({ kind: 'redirect', to: other.origin })
    await failureOf(here.login())
    const { clientId, clientSecret } = here.identity
    expect(received(other.requests, clientId)).toHaveLength(1)
    expect(received(other.requests, clientSecret)).toHaveLength(1)
    expect(other.requests[0]?.headers).not.toHaveProperty('authorization')
  })

  test('3: an empty address means the cloud in the US', async () => {
    const asked: string[] = []
    vi.stubGlobal('fetch', (url: string) => {
      asked.push(url)
      return Promise.resolve(Response.json({ accessToken: 'x' }))
    })
    await new InfisicalSDK({ siteUrl: '' })
      .auth()
      .universalAuth.login({ clientId: 'id', clientSecret: 'secret' })
    expect(asked).toEqual(['https://app.infisical.com/api/v1/auth/universal-auth/login'])
  })

  test('4: an address that ends in /api is not understood, one without a scheme is tried five times', async () => {
    await using here = await sdkLab()
    const wrong = new InfisicalSDK({ siteUrl: `${here.server.origin}/api` })
    expect((await failureOf(here.login(wrong))).message).toMatch(/StatusCode=404\] Route POST:\/api\/api\/v1/)
    const { waits } = hurry()
    const bare = new InfisicalSDK({ siteUrl: 'localhost.example' })
    expect((await failureOf(here.login(bare))).message).toMatch(/Failed to parse URL/)
    expect(backOffs(waits)).toHaveLength(4)
  })

  test('12: a second login shows the old token, and fails when that is over', async () => {
    await using here = await sdkLab()
    await here.login()
    await here.login()
    expect(needlessTokens(here.server.requests)).toHaveLength(1)
    here.server.advance(6001)
    expect((await failureOf(here.login())).message).toMatch(/StatusCode=500\] jwt expired/)
    const sdk = new InfisicalSDK({ siteUrl: here.server.origin })
    expect((await here.login(sdk)).auth().getAccessToken()).toBeTruthy()
  })
})

/** The waits between attempts. */
const backOffs = (waits: readonly number[]): number[] => waits.filter((seconds) => seconds !== ATTEMPT)

describe('how it waits', () => {
  test('5: its 10 s are over with the headers, a body that never ends is waited for', async () => {
    await using here = await sdkLab()
    const { waits, attempts } = hurry()
    here.server.fault({ kind: 'slow-body', delayMs: Number.POSITIVE_INFINITY })
    const login = here.login()
    expect(await until(() => attempts[0]?.untimed === true)).toBe(true) // nothing ends it any more
    const state = await Promise.race([
      login.then(() => 'done'),
      new Promise((resolve) => setTimeout(() => resolve('still waiting'), 200)),
    ])
    expect([state, waits]).toEqual(['still waiting', [ATTEMPT]])
    const ended = failureOf(login)
    await here.server[Symbol.asyncDispose]()
    await ended
  })

  test('5: headers that never come are given up, and asked for again', async () => {
    await using here = await sdkLab()
    const { attempts } = hurry()
    here.server.fault({ kind: 'slow-headers', delayMs: Number.POSITIVE_INFINITY })
    const login = here.login()
    expect(await until(() => here.server.requests.length > 0)).toBe(true)
    attempts[0]?.expire()
    expect((await login).auth().getAccessToken()).toBeTruthy()
    expect(here.server.requests).toHaveLength(2)
  })

  test('6: it logs in five times on 429, waits as it likes and not as it was told', async () => {
    await using here = await sdkLab()
    const { waits } = hurry()
    here.server.fault({ kind: '429', retryAfter: 60, times: Number.POSITIVE_INFINITY })
    expect((await failureOf(here.login())).message).toMatch(/StatusCode=429\] Rate limit exceeded/)
    expect(here.server.requests.map(({ path }) => path)).toEqual(
      Array(5).fill('/api/v1/auth/universal-auth/login'),
    )
    const expected = [1, 2, 4, 8]
    for (const [index, seconds] of backOffs(waits).entries()) {
      expect(seconds / (expected[index] ?? 0)).toBeGreaterThanOrEqual(0.8)
      expect(seconds / (expected[index] ?? 0)).toBeLessThanOrEqual(1.2)
    }
  })

  test('6: a login whose connection broke is sent again, up to five times', async () => {
    await using here = await sdkLab()
    hurry()
    here.server.fault({ kind: 'reset', times: Number.POSITIVE_INFINITY })
    expect((await failureOf(here.login())).message).toBe('fetch failed')
    expect(here.server.requests).toHaveLength(5)
  })
})

describe('what it says', () => {
  test('7: an error has no status, and its text names project and path', async () => {
    await using here = await sdkLab()
    const sdk = await here.login()
    here.project.revokeAccess(here.identity)
    const failure = await failureOf(sdk.secrets().listSecrets({ ...here.place, secretPath: '/private' }))
    expect(Object.keys(failure)).not.toContain('status')
    expect(failure.message).toMatch(
      /^\[URL=http.*\] \[Method=GET\] \[StatusCode=403\] You are not allowed to access this resource$/,
    )
    expect(failure.message).toContain(here.project.id)
    expect(failure.message).toContain('%2Fprivate')
  })

  test('8: what is wrong with a request is lost, and so is what is wrong with the network', async () => {
    for (const [mode, status] of [
      ['2024', 403],
      ['current', 422],
    ] as const) {
      await using here = await sdkLab(mode)
      const sdk = here.sdk
      const nothing: { clientId: string; clientSecret: string } = JSON.parse('{}')
      const failure = await failureOf(sdk.auth().universalAuth.login(nothing))
      expect(failure.message).toBe(`Request failed with status ${status}`)
    }
    await using here = await sdkLab()
    await here.login()
    hurry()
    here.server.fault({ kind: 'reset', times: 5 })
    const failure = await failureOf(here.sdk.auth().universalAuth.renew())
    expect([failure.message, failure.cause]).toEqual(['fetch failed', undefined])
  })
})

describe('what it reads', () => {
  test('9: an imported secret is not found by a single GET', async () => {
    for (const [mode, status] of [
      ['2024', 400],
      ['current', 404],
    ] as const) {
      await using here = await sdkLab(mode)
      fixtures.conflictingImports(here.project)
      const sdk = await here.login()
      const asked = { ...here.place, secretPath: '/imports', secretName: 'SHARED', includeImports: true }
      expect((await failureOf(sdk.secrets().getSecret(asked))).message).toContain(`StatusCode=${status}`)
    }
  })

  test('10: of two imports it takes the first, where the last has to win', async () => {
    await using here = await sdkLab()
    const right = fixtures.conflictingImports(here.project)
    const sdk = await here.login()
    const merged = await sdk.secrets().listSecretsWithImports({ ...here.place, secretPath: '/imports' })
    const shared = merged.find(({ secretKey }) => secretKey === 'SHARED')?.secretValue
    expect([shared, right.SHARED]).toEqual(['of first', 'of last'])
  })

  test('11: references are followed unless it is told not to, which 2024 does not do by itself', async () => {
    await using here = await sdkLab()
    fixtures.references(here.project)
    const sdk = await here.login()
    const { secrets } = await sdk.secrets().listSecrets({ ...here.place, secretPath: '/references' })
    expect(secrets.find(({ secretKey }) => secretKey === 'USER_AT_HOST')?.secretValue).toBe('lab@db')
  })

  test('14: what it promises and what it gives are not the same', async () => {
    await using here = await sdkLab('current')
    here.project.set('dev', '/', 'A', '1', { tags: ['web'], metadata: { team: 'red' } })
    const sdk = await here.login()
    const { secrets } = await sdk.secrets().listSecrets(here.place)
    const raw: unknown = secrets[0]
    expect(raw).not.toHaveProperty('workspaceId') // promised
    expect(raw).toMatchObject({ workspace: here.project.id, tags: [{ slug: 'web' }] })
    expect(raw).toMatchObject({ secretMetadata: [{ key: 'team', value: 'red' }] })
  })

  test('15: it writes secrets into the environment when asked, and so into every child', async () => {
    await using here = await sdkLab()
    here.project.set('dev', '/', 'TZ_TEST_ATTACHED', 'secret')
    const sdk = await here.login()
    try {
      await sdk.secrets().listSecrets({ ...here.place, attachToProcessEnv: true })
      expect(process.env.TZ_TEST_ATTACHED).toBe('secret')
    } finally {
      delete process.env.TZ_TEST_ATTACHED
    }
  })

  test('16: it cannot revoke, and says nothing of its own about who asks', async () => {
    await using here = await sdkLab()
    const sdk = await here.login()
    expect(Object.keys(sdk.auth().universalAuth).sort()).toEqual(['login', 'renew'])
    expect(here.server.requests[0]?.headers['user-agent']).toBe('node')
    expect(here.server.requests[0]?.headers).not.toHaveProperty('if-none-match')
  })

  test('17: asked to keep values hidden, 2024 sends them', async () => {
    await using here = await sdkLab()
    here.project.set('dev', '/', 'A', 'seen')
    const sdk = await here.login()
    const { secrets } = await sdk.secrets().listSecrets({ ...here.place, viewSecretValue: false })
    expect(secrets[0]?.secretValue).toBe('seen')
  })
})

describe('what it writes', () => {
  test('13: renaming alone fails in 2024', async () => {
    await using here = await sdkLab()
    here.project.set('dev', '/', 'A', 'value')
    const sdk = await here.login()
    const rename: Parameters<ReturnType<InfisicalSDK['secrets']>['updateSecret']>[1] = JSON.parse(
      JSON.stringify({ ...here.place, newSecretName: 'B' }),
    )
    expect((await failureOf(sdk.secrets().updateSecret('A', rename))).message).toBe(
      'Request failed with status 403',
    )
  })

  test('13: metadata is dropped on the way', async () => {
    await using here = await sdkLab('current')
    const sdk = await here.login()
    const secretMetadata = [{ key: 'team', value: 'red' }]
    await sdk.secrets().createSecret('A', { ...here.place, secretValue: 'v', ...{ secretMetadata } })
    expect(JSON.parse(here.server.requests.at(-1)?.body ?? '')).not.toHaveProperty('secretMetadata')
  })

  test('13: an approval looks like success', async () => {
    await using here = await sdkLab()
    fixtures.approvals(here.project)
    const sdk = await here.login()
    const place = { ...here.place, secretPath: '/approved' }
    const answer = await sdk.secrets().updateSecret('TOKEN', { ...place, secretValue: 'new' })
    expect(Object.keys(answer)).toEqual(['approval'])
    expect(here.project.get('dev', '/approved', 'TOKEN')).toBe('old')
  })
})
