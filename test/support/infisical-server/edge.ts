import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { parseBody, parseQuery, splitUrl } from './body.ts'
import type { Wire } from './faults.ts'
import type { Identity } from './identities.ts'
import { bodyOf, Problem } from './problems.ts'
import type { Rates } from './rates.ts'
import { type Found, findRoute, type Route } from './routes/routes.ts'
import type { Reply } from './types.ts'
import type { World } from './world.ts'

/** Headers of proxies that the service believes, for its rate limits and its lists of addresses. */
const ADDRESS_HEADERS = ['x-client-ip', 'x-forwarded-for', 'cf-connecting-ip', 'x-real-ip']

export function newRequestId(): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  return `req-${[...randomBytes(14)].map((byte) => letters[byte % letters.length]).join('')}`
}

function clientAddress(request: IncomingMessage): string {
  for (const name of ADDRESS_HEADERS) {
    const value = request.headers[name]
    if (typeof value === 'string') return value.split(',')[0]?.trim() ?? ''
  }
  return request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? ''
}

/** What arrived, the body read but not yet understood. */
export interface Arrived {
  readonly request: IncomingMessage
  readonly body: string
  readonly tooLarge: boolean
  readonly requestId: string
}

/** The service's hooks in its order, and then the route's handler. */
export class Edge {
  readonly #world: World
  readonly #rates: Rates
  readonly #routes: readonly Route[]

  constructor(world: World, rates: Rates, routes: readonly Route[]) {
    this.#world = world
    this.#rates = rates
    this.#routes = routes
  }

  answer(arrived: Arrived): Wire {
    const { request, requestId } = arrived
    const { mode } = this.#world
    const { path, search } = splitUrl(request.url ?? '/')
    const found = findRoute(this.#routes, mode, request.method ?? '', path)
    const address = clientAddress(request)
    const reply = this.#reply(arrived, search, found, address, requestId)
    const text = JSON.stringify(reply.body)
    const rates = this.#rates.headers(found?.route, address, reply.status)
    const headers = { 'content-type': 'application/json; charset=utf-8', ...rates, ...reply.headers }
    // The Go rewrite promises it for lists only.
    if (mode === 'go' && found?.route.limit !== 'list') return { status: reply.status, headers, body: text }
    const etag = `"${createHash('sha1').update(text).digest('base64')}"`
    const same = request.headers['if-none-match'] === etag
    return { status: same ? 304 : reply.status, headers: { ...headers, etag }, body: same ? '' : text }
  }

  #reply(
    arrived: Arrived,
    search: URLSearchParams,
    found: Found | undefined,
    address: string,
    requestId: string,
  ): Reply {
    try {
      return this.#handle(arrived, search, found, address)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      const body = bodyOf(error.problem, error.facts, this.#world.mode, requestId)
      return { status: body.statusCode, body }
    }
  }

  #handle(
    { request, body, tooLarge }: Arrived,
    search: URLSearchParams,
    found: Found | undefined,
    address: string,
  ): Reply {
    const world = this.#world
    const old = world.mode === '2024'
    if (world.maintenance && request.method !== 'GET') throw new Problem('maintenance')
    const identity = this.#authenticate(request.headers.authorization, address)
    if (found !== undefined) refuseCaller(found.route, identity)
    if (old) this.#rates.count(found?.route, address)
    if (found === undefined) {
      throw new Problem('routeUnknown', { method: request.method ?? '', url: request.url ?? '' })
    }
    if (tooLarge) throw new Problem('bodyTooLarge')
    const parsed = parseBody(body, request.headers['content-type'])
    if (!old) this.#rates.count(found.route, address)
    return found.route.handle({
      world,
      params: found.params,
      query: parseQuery(search),
      body: parsed,
      address,
      url: request.url ?? '',
      identity,
    })
  }

  /** On every route, if there is anything to verify: nobody looks whether it starts with "Bearer". */
  #authenticate(authorization: string | undefined, address: string): Identity | undefined {
    if (!authorization) return undefined
    const token = authorization.slice(7)
    if (token.startsWith('st.')) throw new Problem('serviceTokenUnknown')
    return this.#world.tokens.authenticate(token, address)
  }
}

function refuseCaller(route: Route, identity: Identity | undefined): void {
  if (route.for === 'anybody') return
  if (identity === undefined) throw new Problem('tokenMissing')
  if (route.for === 'person') throw new Problem('machinesRefused', { url: route.path })
}
