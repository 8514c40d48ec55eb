import http from 'node:http'
import https from 'node:https'
import type { InfisicalProblem } from '../../core/failure/infisical.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { formatSize } from '../../core/text/size.ts'

/** A server that requests may go to, and nowhere else. */
interface Server {
  /** `https://eu.infisical.com`; http only on loopback (see `normaliseHost`). */
  origin: string
  /** PEM of the only authority that may vouch for it; absent: the system's and NODE_EXTRA_CA_CERTS. */
  ca?: string | undefined
  /** Where HTTPS_PROXY, HTTP_PROXY and NO_PROXY are read. */
  env: NodeJS.ProcessEnv
}

export interface HttpRequest {
  method: 'GET' | 'POST' | 'PATCH'
  /** With its query, starting with "/". */
  path: string
  headers?: Record<string, string>
  body?: string | undefined
}

export interface HttpAnswer {
  status: number
  headers: http.IncomingHttpHeaders
  body: Buffer
}

/** ms until the answer begins, and until it is whole. The SDK's own 10 s cover the head alone: a stalled body hangs it. */
const DEADLINES = { head: 10_000, whole: 30_000 }
/** As much as a vault may hold. */
const MAX_BODY = 64 * 1_048_576

/**
 * One HTTP client for one origin. Node's own `request` follows no redirect and repeats nothing: a redirected login
 * would post the client secret to the new place (measured with the SDK's fetch). Connections are kept between the
 * requests of one command; `close` ends them.
 */
export class HttpClient {
  readonly #origin: URL
  readonly #agent: http.Agent
  readonly #userAgent: string

  readonly #deadlines: typeof DEADLINES

  constructor({ origin, ca, env }: Server, userAgent: string, deadlines = DEADLINES) {
    this.#deadlines = deadlines
    this.#origin = new URL(origin)
    this.#userAgent = userAgent
    const options = { keepAlive: true, maxSockets: 6, proxyEnv: proxyOf(env) } // proxyEnv: Node 24.5 and newer
    this.#agent =
      this.#origin.protocol === 'https:'
        ? new https.Agent({ ...options, minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) })
        : new http.Agent(options)
  }

  get host(): string {
    return this.#origin.origin
  }

  close(): void {
    this.#agent.destroy()
  }

  /** Sends one request once. Whatever status comes back is a success here. The caller wipes `body`. */
  send(request: HttpRequest): Promise<Result<HttpAnswer, InfisicalProblem>> {
    const { promise, resolve } = Promise.withResolvers<Result<HttpAnswer, InfisicalProblem>>()
    const { request: start } = this.#origin.protocol === 'https:' ? https : http
    const outgoing = start(new URL(request.path, this.#origin), {
      method: request.method,
      agent: this.#agent,
      headers: {
        accept: 'application/json',
        'user-agent': this.#userAgent,
        ...(request.body !== undefined && { 'content-type': 'application/json' }),
        ...request.headers,
      },
    })
    const late = (ms: number) => setTimeout(() => outgoing.destroy(new Late(ms)), ms)
    const head = late(this.#deadlines.head)
    const whole = late(this.#deadlines.whole)
    const settle = (result: Result<HttpAnswer, InfisicalProblem>) => {
      clearTimeout(head)
      clearTimeout(whole)
      resolve(result)
    }
    outgoing.on('error', (error) => settle(err(problemOf(error))))
    outgoing.on('response', (incoming) => {
      clearTimeout(head)
      receive(incoming).then(settle, (error: unknown) => {
        outgoing.destroy()
        settle(err(problemOf(error)))
      })
    })
    outgoing.end(request.body)
    return promise
  }
}

class Late extends Error {
  readonly code = 'TAZPOD_LATE'
  constructor(ms: number) {
    super(`no whole answer within ${ms / 1000} s`)
  }
}

class TooLong extends Error {
  readonly code = 'TAZPOD_TOO_LONG'
}

async function receive(incoming: http.IncomingMessage): Promise<Result<HttpAnswer, InfisicalProblem>> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size > MAX_BODY) throw new TooLong(`its answer is longer than ${formatSize(MAX_BODY)}`)
      chunks.push(chunk)
    }
    if (!incoming.complete) throw Object.assign(new Error('cut'), { code: 'ECONNRESET' })
    const body = Buffer.concat(chunks)
    return ok({ status: incoming.statusCode ?? 0, headers: incoming.headers, body })
  } finally {
    for (const chunk of chunks) chunk.fill(0)
  }
}

/** Only these: nothing else of the environment decides where a request goes. */
function proxyOf(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()])
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])))
}

const CERTIFICATE: Record<string, string> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is signed by itself, and no authority is known for it',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not known on this machine',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is not known on this machine',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not known on this machine',
  UNABLE_TO_GET_ISSUER_CERT: 'its authority is not known on this machine',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it was issued for another name',
  CERT_REVOKED: 'it was revoked',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
}

const NETWORK: Record<string, string> = {
  ENOTFOUND: 'its name is not known (DNS)',
  EAI_AGAIN: 'its name can not be looked up now (DNS)',
  ECONNREFUSED: 'nothing answers at that address',
  ECONNRESET: 'the connection broke',
  EPIPE: 'the connection broke',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no network',
  EPROTO: 'it does not speak TLS there',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS there',
  ERR_PROXY_TUNNEL: 'the proxy refused the connection',
  HPE_INVALID_CONSTANT: 'it does not speak HTTP there',
  HPE_INVALID_HEADER_TOKEN: 'it does not speak HTTP there',
}

/** The words of a failed connection: never the error's own text, which could quote a header. */
function problemOf(error: unknown): InfisicalProblem {
  const known = error as NodeJS.ErrnoException & { errors?: NodeJS.ErrnoException[] }
  const code = known.code ?? known.errors?.[0]?.code ?? ''
  const certificate = CERTIFICATE[code]
  if (certificate !== undefined) {
    return { kind: 'certificate', why: certificate, clock: /EXPIRED|NOT_YET/.test(code) }
  }
  if (error instanceof Late || error instanceof TooLong) return { kind: 'unreachable', why: error.message }
  if (code === '') throw error // a bug of ours, not the network
  return { kind: 'unreachable', why: NETWORK[code] ?? `the connection failed (${code})` }
}
