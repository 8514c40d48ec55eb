import { X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import { expect, test } from 'vitest'
import { InfisicalServer, type TlsKind } from '../support/infisical-server/index.ts'
import { ask } from './client.ts'

test('with the private CA the server is trusted, at its address and as localhost', async () => {
  await using server = await InfisicalServer.start({ tls: 'private-ca' })
  expect((await ask(server, '/api/status')).status).toBe(200)
  const origin = server.origin.replace('127.0.0.1', 'localhost')
  expect((await ask({ origin, caPem: server.caPem }, '/api/status')).status).toBe(200)
})

test('without the private CA it is not', async () => {
  await using server = await InfisicalServer.start({ tls: 'private-ca' })
  const other = await InfisicalServer.start({ tls: 'private-ca' })
  await other[Symbol.asyncDispose]()
  await expect(ask({ origin: server.origin, caPem: other.caPem }, '/api/status')).rejects.toThrow()
  expect(server.requests).toEqual([])
})

test.each<[TlsKind, string]>([
  ['expired', 'CERT_HAS_EXPIRED'],
  ['wrong-host', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['unknown-ca', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
])('%s is refused with %s', async (tls, code) => {
  await using server = await InfisicalServer.start({ tls })
  await expect(ask(server, '/api/status')).rejects.toMatchObject({ code })
  expect(server.requests).toEqual([])
})

test('the CA is a CA and has signed the server', async () => {
  await using server = await InfisicalServer.start({ tls: 'private-ca' })
  const ca = new X509Certificate(server.caPem)
  expect(ca.ca).toBe(true)
  const leaf = await new Promise<X509Certificate | undefined>((resolve, reject) => {
    const socket = connect(
      { port: Number(new URL(server.origin).port), host: '127.0.0.1', ca: server.caPem },
      () => {
        resolve(socket.getPeerX509Certificate())
        socket.destroy()
      },
    )
    socket.on('error', reject)
  })
  expect(leaf?.ca).toBe(false)
  expect(leaf?.verify(ca.publicKey)).toBe(true)
  expect(leaf?.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1')
})

test('without TLS there is no CA', async () => {
  await using server = await InfisicalServer.start()
  expect(server.origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect(server.caPem).toBe('')
})
