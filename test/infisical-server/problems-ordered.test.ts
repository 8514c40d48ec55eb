import { describe, expect, test } from 'vitest'
import { InfisicalServer } from '../support/infisical-server/index.ts'
import { ask } from './client.ts'
import { lab, REQUEST_ID } from './problems-lab.ts'

describe('neither project nor environment', () => {
  test('2024', async () => {
    const here = await lab('2024')
    await using server = here.server
    const text = '{"statusCode":400,"message":"Missing workspace id or environment","error":"BadRequest"}'
    for (const query of ['', '?environment=dev', `?workspaceId=${here.project.id}`]) {
      const answer = await ask(server, `/api/v3/secrets/raw${query}`, { token: here.token })
      expect([answer.status, answer.text]).toEqual([400, text])
    }
  })

  test('today v4 finds it by its schema, v3 and the rewrite by hand', async () => {
    const now = await lab('current')
    await using current = now.server
    const path = '/api/v4/secrets?environment=dev'
    expect((await ask(current, path, { token: now.token })).status).toBe(422)
    const missing = { statusCode: 400, message: 'Missing project id or environment', error: 'BadRequest' }
    const third = await ask(current, '/api/v3/secrets/raw?environment=dev', { token: now.token })
    expect(third.body).toEqual({ reqId: REQUEST_ID, ...missing })
    const later = await lab('go')
    await using go = later.server
    const answer = await ask(go, path, { token: later.token })
    expect(answer.body).toEqual({ reqId: REQUEST_ID, ...missing })
  })
})

test('what cannot be provoked can be ordered', async () => {
  await using server = await InfisicalServer.start({ mode: 'current' })
  const ordered = async (problem: 'lockContention' | 'gone' | 'gatewayTimeout' | 'cryptography') => {
    server.fault({ kind: 'problem', problem })
    const { status, body } = await ask(server, '/api/status')
    return [status, (body as { error: string }).error]
  }
  expect(await ordered('lockContention')).toEqual([429, 'RateLimitExceeded'])
  expect(await ordered('gone')).toEqual([410, 'GoneError'])
  expect(await ordered('gatewayTimeout')).toEqual([504, 'GatewayTimeoutError'])
  expect(await ordered('cryptography')).toEqual([400, 'CryptographyError'])
})
