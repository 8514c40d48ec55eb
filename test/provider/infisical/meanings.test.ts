/** Every refusal that a server is known to give, word for word, on the way that it really takes to a person. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { login, renew } from '../../../src/adapters/infisical/auth-api.ts'
import type { Refused } from '../../../src/adapters/infisical/exchange.ts'
import { HttpClient } from '../../../src/adapters/infisical/http.ts'
import { listSecrets } from '../../../src/adapters/infisical/secrets-api.ts'
import type { InfisicalProblem } from '../../../src/core/failure/infisical.ts'
import { failureText } from '../../../src/core/failure/words.ts'
import type { Result } from '../../../src/core/result.ts'
import { MODES } from '../../support/infisical.ts'
import { InfisicalServer, type ProblemName, type TestIdentity } from '../../support/infisical-server/index.ts'
import { until } from '../../support/until.ts'

type Meaning = Partial<InfisicalProblem> | ((problem: InfisicalProblem) => boolean)

const AT_LOGIN: [ProblemName, InfisicalProblem['kind']][] = [
  ['invalidCredentials', 'bad-credentials'],
  ['clientSecretExpired', 'secret-expired'],
  ['clientSecretUsedUp', 'secret-used-up'],
  ['addressNotAllowed', 'address-refused'],
  ['validation', 'invalid'],
  ['databaseDown', 'server'],
  ['maintenance', 'server'],
]
const AT_LIST: [ProblemName, Meaning][] = [
  ['tokenUnknown', { kind: 'token', why: 'revoked' }],
  ['tokenUsedUp', { kind: 'token', why: 'used-up' }],
  ['ttlOver', { kind: 'token', why: 'expired' }],
  ['maxTtlOver', { kind: 'token', why: 'expired' }],
  ['serviceTokenUnknown', { kind: 'token' }],
  ['addressNotAllowed', { kind: 'address-refused' }],
  ['permission', { kind: 'not-allowed', action: 'read' }],
  ['notInProject', { kind: 'not-member' }],
  ['referenceForbidden', { kind: 'reference' }],
  ['projectUnknown', { kind: 'no-project' }],
  ['slugUnknown', { kind: 'no-project' }],
  ['folderUnknown', { kind: 'no-folder' }],
  ['environmentUnknown', { kind: 'no-environment' }],
  ['secretUnknown', { kind: 'no-secret' }],
  ['secretUnknownToWrite', { kind: 'no-secret' }],
  ['secretExists', { kind: 'exists' }],
  ['bodyTooLarge', { kind: 'too-large' }],
  ['routeUnknown', { kind: 'no-route' }],
  ['validation', { kind: 'invalid' }],
  ['gone', { kind: 'server', status: 410 }],
  ['databaseDown', { kind: 'server', status: 500 }],
  ['maintenance', { kind: 'server', status: 500 }],
  ['cryptography', { kind: 'server', status: 400 }],
]
const FACTS = {
  method: 'GET',
  url: '/api/v4/secrets?a=b',
  path: '/x',
  environment: 'dev',
  project: 'lab',
  name: 'A',
  action: 'read',
  message: 'jwt expired',
}

describe.each(MODES)('%s', (mode) => {
  let server: InfisicalServer
  let identity: TestIdentity
  let client: HttpClient
  let token: string

  beforeAll(async () => {
    server = await InfisicalServer.start({ mode })
    identity = server.addIdentity()
    client = new HttpClient({ origin: server.origin, env: {} }, 'test')
    const { clientId, clientSecret } = identity
    const first = await login(client, { clientId, clientSecret })
    if (!first.ok) throw new Error('no login')
    token = first.value.accessToken
  })
  afterAll(async () => {
    client.close()
    await server[Symbol.asyncDispose]()
  })

  const problemOf = (result: Result<unknown, Refused>): InfisicalProblem => {
    if (result.ok) throw new Error('it was no refusal')
    const { problem, requestId } = result.error
    const at = {
      host: server.origin,
      project: 'lab',
      environment: 'dev',
      path: '/x',
      ...(requestId && { requestId }),
    }
    const { message, exitCode } = failureText({ reason: 'infisical', problem, at })
    expect(message).not.toMatch(/\n|undefined|\[object|\?\w/)
    expect([65, 69, 77]).toContain(exitCode)
    if (problem.kind !== 'no-route') expect(requestId === undefined).toBe(mode === '2024')
    return problem
  }
  const place = { projectId: '00000000-0000-4000-8000-000000000000', environment: 'dev', path: '/x' }
  const list = () => listSecrets(client, token, mode === '2024' ? 'v3' : 'v4', place, { recursive: false })

  test.each(AT_LOGIN)('at login: %s is %s, and is not tried again', async (problem, kind) => {
    server.fault({ kind: 'problem', problem, facts: FACTS, times: 1 })
    const from = server.requests.length
    const { clientId, clientSecret } = identity
    expect(problemOf(await login(client, { clientId, clientSecret })).kind).toBe(kind)
    expect(server.requests.length - from).toBe(1)
  })

  test.each(AT_LIST)('at a list: %s', async (problem, meaning) => {
    server.fault({ kind: 'problem', problem, facts: FACTS, times: 1 })
    expect(problemOf(await list())).toMatchObject(meaning)
  })

  test.each([
    ['jwt expired', 'expired'],
    ['jwt malformed', 'revoked'],
    ['invalid signature', 'foreign'],
  ])('a token with "%s" is %s', async (message, why) => {
    server.fault({ kind: 'problem', problem: 'jwt', facts: { message }, times: 1 })
    expect(problemOf(await list())).toEqual({ kind: 'token', why })
  })

  test.each([
    ['pastMaxTtl', 'expired'],
    ['renewUsedUp', 'used-up'],
  ] as const)('at a renewal: %s', async (problem, why) => {
    server.fault({ kind: 'problem', problem, times: 1 })
    expect(problemOf(await renew(client, token))).toEqual({ kind: 'token', why })
  })
})

afterEach(() => {
  vi.useRealTimers()
})

test.each([
  ['a head that never comes', 'slow-headers', 2, 300],
  ['a body that never ends', 'slow-body', 1, 600], // the one of the head has gone with the head
] as const)('%s ends at its deadline, and is not asked for again', async (_, kind, deadlines, ms) => {
  await using server = await InfisicalServer.start()
  const { clientId, clientSecret } = server.addIdentity()
  const client = new HttpClient({ origin: server.origin, env: {} }, 'test', { head: 300, whole: 600 })
  await login(client, { clientId, clientSecret }) // everything is loaded before its time is counted
  server.fault({ kind, times: 9, delayMs: Number.POSITIVE_INFINITY })
  const from = server.requests.length
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }) // the deadlines pass when the test says so
  const late = login(client, { clientId, clientSecret })
  const sdk = 1 // the SDK's own, which is never reached
  const waiting = () => server.requests.length > from && vi.getTimerCount() === deadlines + sdk
  expect(await until(waiting)).toBe(true)
  vi.advanceTimersByTime(ms)
  expect(await late).toMatchObject({
    ok: false,
    error: { problem: { why: `no whole answer within ${ms / 1_000} s` } },
  })
  expect(server.requests.length - from).toBe(1)
  client.close()
})

test('a sub-organisation is named at the login, which the SDK has no word for', async () => {
  await using server = await InfisicalServer.start()
  const { clientId, clientSecret } = server.addIdentity()
  const client = new HttpClient({ origin: server.origin, env: {} }, 'test')
  await login(client, { clientId, clientSecret, organization: 'lab-org' })
  expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
    clientId,
    clientSecret,
    organizationSlug: 'lab-org',
  })
  client.close()
})
