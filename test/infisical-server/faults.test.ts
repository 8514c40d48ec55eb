import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Fault, InfisicalServer } from '../support/infisical-server/index.ts'
import { until } from '../support/until.ts'
import { type Answer, ask, login, tokenOf } from './client.ts'

async function faulty(fault: Fault): Promise<{ server: InfisicalServer; answer: Promise<Answer> }> {
  const server = await InfisicalServer.start()
  server.fault(fault)
  const answer = ask(server, '/api/status')
  answer.catch(() => {})
  return { server, answer }
}

const pending = Symbol('pending')
const soon = <T>(promise: Promise<T>): Promise<T | typeof pending> =>
  Promise.race([promise, sleep(150).then((): typeof pending => pending)])

test('pages of a proxy', async () => {
  for (const [kind, status] of [
    ['html-200', 200],
    ['html-502', 502],
  ] as const) {
    const { server, answer } = await faulty({ kind })
    await using _ = server
    const { headers, text, status: seen } = await answer
    expect([seen, headers['content-type']]).toEqual([status, 'text/html; charset=utf-8'])
    expect(text).toMatch(/^<!doctype html>/)
  }
})

test('a redirect keeps the method, and the path unless it names one', async () => {
  const to = 'https://elsewhere.example'
  const { server, answer } = await faulty({ kind: 'redirect', to })
  await using _ = server
  const { status, headers } = await answer
  expect([status, headers.location]).toEqual([307, `${to}/api/status`])
  server.fault({ kind: 'redirect', to: `${to}/login?next=1`, status: 302 })
  const second = await ask(server, '/api/status')
  expect([second.status, second.headers.location]).toEqual([302, `${to}/login?next=1`])
})

test('any status, body and headers', async () => {
  const body = { message: 'later' }
  const { server, answer } = await faulty({
    kind: 'status',
    status: 503,
    body,
    headers: { 'retry-after': '7' },
  })
  await using _ = server
  const seen = await answer
  expect([seen.status, seen.body, seen.headers['retry-after']]).toEqual([503, body, '7'])
  server.fault({ kind: 'status', status: 200, body: 'not json' })
  expect((await ask(server, '/api/status')).text).toBe('not json')
})

test('429 with and without the wait', async () => {
  const { server, answer } = await faulty({ kind: '429', retryAfter: 3 })
  await using _ = server
  const seen = await answer
  expect([seen.status, seen.headers['retry-after']]).toEqual([429, '3'])
  expect(seen.body).toMatchObject({ message: 'Rate limit exceeded. Please try again in 3 seconds' })
  server.fault({ kind: '429' })
  expect((await ask(server, '/api/status')).headers).not.toHaveProperty('retry-after')
})

test('broken JSON, and nothing at all', async () => {
  const { server, answer } = await faulty({ kind: 'garbage-json' })
  await using _ = server
  const seen = await answer
  expect([seen.status, seen.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8'])
  expect(seen.body).toBeUndefined()
  server.fault({ kind: 'empty' })
  expect(await ask(server, '/api/status')).toMatchObject({ status: 200, text: '' })
})

test('a connection that is reset', async () => {
  const { server, answer } = await faulty({ kind: 'reset' })
  await using _ = server
  await expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(server.requests).toMatchObject([{ path: '/api/status', status: 0 }])
})

test('a body that ends too early', async () => {
  const { server, answer } = await faulty({ kind: 'truncate' })
  await using _ = server
  await expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' })
})

test('headers that come late, and headers that never come', async () => {
  const late = await faulty({ kind: 'slow-headers', delayMs: 20 })
  await using _late = late.server
  expect((await late.answer).status).toBe(200)
  const never = await faulty({ kind: 'slow-headers', delayMs: Number.POSITIVE_INFINITY })
  expect(await until(() => never.server.requests.length > 0)).toBe(true)
  expect(await soon(never.answer)).toBe(pending)
  expect(never.server.requests).toMatchObject([{ status: 0 }])
  await never.server[Symbol.asyncDispose]()
  await expect(never.answer).rejects.toThrow()
})

test('headers that come when the test says so', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const held = await faulty({ kind: 'slow-headers', until: promise })
  await using _ = held.server
  expect(await until(() => held.server.requests.length > 0)).toBe(true)
  expect(await soon(held.answer)).toBe(pending)
  resolve()
  expect((await held.answer).status).toBe(200)
})

test('a clock that stands still goes on with the test alone', async () => {
  await using server = await InfisicalServer.start({ still: true })
  const before = server.now()
  expect(await until(() => Date.now() > before + 20)).toBe(true)
  expect(server.now()).toBe(before)
  server.advance(5)
  expect(server.now()).toBe(before + 5_000)
})

test('a body that comes late, and one that never ends', async () => {
  const late = await faulty({ kind: 'slow-body', delayMs: 20 })
  await using _late = late.server
  expect((await late.answer).body).toMatchObject({ message: 'Ok' })
  const never = await faulty({ kind: 'slow-body', delayMs: Number.POSITIVE_INFINITY })
  expect(await until(() => never.server.requests[0]?.status === 200)).toBe(true)
  expect(await soon(never.answer)).toBe(pending)
  await never.server[Symbol.asyncDispose]()
  await expect(never.answer).rejects.toThrow()
})

test('a fault waits for its request, meets it as often as said, and can be taken back', async () => {
  await using server = await InfisicalServer.start()
  server.fault({ kind: 'html-502', match: /\/login$/, times: 2 })
  server.fault({ kind: 'html-200', match: ({ method }) => method === 'GET' })
  const identity = server.addIdentity()
  const seen = []
  for (let i = 0; i < 3; i++) seen.push((await login(server, identity)).status)
  expect(seen).toEqual([502, 502, 200])
  expect((await ask(server, '/api/status')).text).toMatch(/^<!doctype/)
  expect((await ask(server, '/api/status')).body).toMatchObject({ message: 'Ok' })
  server.fault({ kind: 'reset', times: Number.POSITIVE_INFINITY })
  server.clearFaults()
  expect((await ask(server, '/api/status')).status).toBe(200)
})

test('an answer that a fault replaces changes nothing; one that it breaks has happened', async () => {
  await using server = await InfisicalServer.start()
  const identity = server.addIdentity()
  server.fault({ kind: 'html-200' })
  await login(server, identity)
  expect(server.issuedTokens).toBe(0)
  server.fault({ kind: 'truncate' })
  await expect(login(server, identity)).rejects.toThrow()
  expect(server.issuedTokens).toBe(1)
  await tokenOf(server, identity)
  expect(server.issuedTokens).toBe(2)
})
