import type { IncomingHttpHeaders } from 'node:http'
import type { Facts, ProblemName } from './problems.ts'

/** Which generation of the service answers. */
export type Mode = '2024' | 'current' | 'go'

export type TlsKind = 'private-ca' | 'expired' | 'wrong-host' | 'unknown-ca'

export interface StartOptions {
  mode?: Mode
  tls?: TlsKind
  port?: number
  /** Its clock moves with `advance` alone: for answers whose seconds count. */
  still?: boolean
}

/** One request as it arrived. It is listed as soon as its headers are there; `status` is 0 until it is answered. */
export interface RecordedRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly url: string
  readonly query: Record<string, string>
  readonly headers: IncomingHttpHeaders
  body: string
  status: number
  /** The server's clock, in milliseconds. */
  readonly at: number
}

/** Requests in a window of 60 s, per route and client address. */
export interface Limits {
  list: number
  get: number
  login: number
  renew: number
  read: number
  write: number
  global: number
}

interface FaultScope {
  /** On the URL's path and query, or on the whole request. Without it: every request. */
  match?: RegExp | ((request: RecordedRequest) => boolean)
  /** How many matching requests it meets: once, unless said otherwise. */
  times?: number
  /** For the slow ones. `Infinity`: until the server is disposed of. */
  delayMs?: number
  /** For slow headers, in the place of a time: they come when this is resolved. */
  until?: Promise<unknown>
}

export type FaultEffect =
  | { kind: 'slow-headers' | 'slow-body' | 'truncate' }
  | { kind: 'html-200' | 'html-502' | 'reset' | 'garbage-json' | 'empty' }
  /** `to` without a path keeps the request's own. */
  | { kind: 'redirect'; to: string; status?: number }
  | { kind: 'status'; status: number; body?: unknown; headers?: Record<string, string> }
  | { kind: '429'; retryAfter?: number }
  /** Any known answer of this generation, word for word. */
  | { kind: 'problem'; problem: ProblemName; facts?: Facts }

export type Fault = FaultScope & FaultEffect

/** What a route answers; the edge adds the headers that every answer has. */
export interface Reply {
  status: number
  body: unknown
  headers?: Record<string, string>
}
