import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import {
  ConnectionLog,
  exposing,
  InfisicalServer,
  needlessTokens,
  received,
} from '../support/infisical-server/index.ts'
import { ask, renew, revoke, tokenOf } from './client.ts'

test('a token that is shown where none is needed is found', async () => {
  await using server = await InfisicalServer.start()
  const token = await tokenOf(server, server.addIdentity())
  await renew(server, token)
  await ask(server, '/api/v1/identities/details', { token })
  expect(needlessTokens(server.requests)).toEqual([])
  await ask(server, '/api/v1/auth/token/renew', { token, json: { accessToken: token } })
  await ask(server, '/api/status', { token })
  await revoke(server, token)
  expect(needlessTokens(server.requests).map(({ path }) => path)).toEqual([
    '/api/v1/auth/token/renew',
    '/api/status',
  ])
})

test('a secret in a URL or a header is found, and so is one that arrives at all', async () => {
  await using server = await InfisicalServer.start()
  const identity = server.addIdentity({ clientSecret: 'top secret/1' })
  await tokenOf(server, identity)
  const { clientSecret } = identity
  expect(exposing(server.requests, clientSecret)).toEqual([])
  expect(received(server.requests, clientSecret)).toHaveLength(1)
  await ask(server, `/api/status?x=${encodeURIComponent(clientSecret)}`)
  await ask(server, '/api/status', { headers: { 'x-debug': clientSecret } })
  expect(exposing(server.requests, clientSecret)).toHaveLength(2)
  expect(received(server.requests, clientSecret)).toHaveLength(3)
})

test('a connection of this process is written down, and none leaves the machine', async () => {
  await using server = await InfisicalServer.start()
  await using other = await InfisicalServer.start()
  using log = await ConnectionLog.start()
  await fetch(`${server.origin}/api/status`)
  await ask(server, '/api/status')
  expect(log.all().length).toBeGreaterThanOrEqual(2)
  expect(log.elsewhere(server)).toEqual([])
  await fetch(`${other.origin}/api/status`)
  await expect(fetch('https://app.infisical.com/api/status')).rejects.toThrow()
  expect(log.elsewhere(server).map(({ host, port }) => `${host}:${port}`)).toEqual([
    new URL(other.origin).host,
    'app.infisical.com:443',
  ])
})

test('a connection of a child process is written down as well', async () => {
  await using server = await InfisicalServer.start()
  using log = await ConnectionLog.start()
  const program = `
    await fetch('${server.origin}/api/status')
    await fetch('https://app.infisical.com/').catch((error) => console.log(error.cause.code))`
  const env = { ...process.env, ...log.env }
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    env,
  })
  expect(stdout.trim()).toBe('ENETUNREACH')
  expect(log.elsewhere(server)).toEqual([{ host: 'app.infisical.com', port: 443, pid: expect.any(Number) }])
  expect(log.all()[0]?.pid).not.toBe(process.pid)
})

test('after the log is closed nothing is written or refused', async () => {
  await using server = await InfisicalServer.start()
  const log = await ConnectionLog.start()
  log[Symbol.dispose]()
  expect((await ask(server, '/api/status')).status).toBe(200)
})
