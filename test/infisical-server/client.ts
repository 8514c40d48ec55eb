import { request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import type { InfisicalServer } from '../support/infisical-server/index.ts'

export interface Answer {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
  body: unknown
}

export interface Asking {
  method?: string
  token?: string
  headers?: Record<string, string>
  json?: unknown
  raw?: string
}

/** One request, sent as it is: nothing is followed, repeated or added. */
export function ask(
  server: { origin: string; caPem: string },
  path: string,
  asking: Asking = {},
): Promise<Answer> {
  const { json, raw, token } = asking
  const payload = raw ?? (json === undefined ? undefined : JSON.stringify(json))
  const headers = {
    ...(json !== undefined && { 'content-type': 'application/json' }),
    // Node sends the body of a DELETE without saying how long it is.
    ...(payload !== undefined && { 'content-length': String(Buffer.byteLength(payload)) }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...asking.headers,
  }
  const method = asking.method ?? (payload === undefined ? 'GET' : 'POST')
  const send = server.origin.startsWith('https:') ? tlsRequest : plainRequest
  return new Promise((resolve, reject) => {
    const { hostname: host, port } = new URL(server.origin)
    const options = { host, port, path, method, headers, agent: false, ca: server.caPem }
    const request = send(options, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parsed(text) })
      })
    })
    request.on('error', reject)
    request.end(payload)
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export interface Login {
  accessToken: string
  expiresIn: number
  accessTokenMaxTTL: number
  tokenType: string
}

export function login(
  server: InfisicalServer,
  identity: { clientId: string; clientSecret: string },
): Promise<Answer> {
  const { clientId, clientSecret } = identity
  return ask(server, '/api/v1/auth/universal-auth/login', { json: { clientId, clientSecret } })
}

export async function tokenOf(
  server: InfisicalServer,
  identity: { clientId: string; clientSecret: string },
): Promise<string> {
  const answer = await login(server, identity)
  if (answer.status !== 200) throw new Error(`no login: ${answer.status} ${answer.text}`)
  return (answer.body as Login).accessToken
}

export const renew = (server: InfisicalServer, accessToken: string): Promise<Answer> =>
  ask(server, '/api/v1/auth/token/renew', { json: { accessToken } })

export const revoke = (server: InfisicalServer, accessToken: string): Promise<Answer> =>
  ask(server, '/api/v1/auth/token/revoke', { json: { accessToken } })
