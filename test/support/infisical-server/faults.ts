import type { ServerResponse } from 'node:http'
import { bodyOf } from './problems.ts'
import type { Fault, Mode, RecordedRequest } from './types.ts'

/** The faults that wait for their request. */
export class Faults {
  readonly #waiting: { fault: Fault; left: number }[] = []

  add(fault: Fault): void {
    this.#waiting.push({ fault, left: fault.times ?? 1 })
  }

  clear(): void {
    this.#waiting.length = 0
  }

  /** The oldest one that this request meets. */
  take(request: RecordedRequest): Fault | undefined {
    const found = this.#waiting.find(({ fault, left }) => left > 0 && matches(fault, request))
    if (found === undefined) return undefined
    found.left--
    return found.fault
  }
}

function matches({ match }: Fault, request: RecordedRequest): boolean {
  if (match === undefined) return true
  // A pattern with the flag g would remember where it stopped.
  return match instanceof RegExp ? request.url.search(match) >= 0 : match(request)
}

/** An answer as it goes out, byte for byte. `body: undefined` breaks the connection instead. */
export interface Wire {
  status: number
  headers: Record<string, string>
  body: string | undefined
}

const JSON_TYPE = 'application/json; charset=utf-8'
const PAGE = (title: string): string =>
  `<!doctype html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`

/** The answer that a fault gives in the server's place; undefined: the server's own comes, only late or broken. */
export function replacement(
  fault: Fault,
  request: RecordedRequest,
  mode: Mode,
  requestId: string,
): Wire | undefined {
  const html = (status: number, title: string): Wire => ({
    status,
    headers: { 'content-type': 'text/html; charset=utf-8' },
    body: PAGE(title),
  })
  const json = (status: number, body: string, headers: Record<string, string> = {}): Wire => ({
    status,
    headers: { 'content-type': JSON_TYPE, ...headers },
    body,
  })
  switch (fault.kind) {
    case 'html-200':
      return html(200, 'Welcome to this network')
    case 'html-502':
      return html(502, '502 Bad Gateway')
    case 'reset':
      return { status: 0, headers: {}, body: undefined }
    case 'garbage-json':
      return json(200, '{"accessToken":"eyJhbGciOiJIUzI1NiJ9.e')
    case 'empty':
      return json(200, '')
    case 'redirect':
      return { status: fault.status ?? 307, headers: { location: target(fault.to, request) }, body: '' }
    case 'status': {
      const { body } = fault
      return json(fault.status, typeof body === 'string' ? body : JSON.stringify(body ?? {}), fault.headers)
    }
    case '429': {
      const seconds = fault.retryAfter ?? 60
      const body = bodyOf('rateLimited', { seconds }, mode, requestId)
      return json(
        429,
        JSON.stringify(body),
        fault.retryAfter === undefined ? {} : { 'retry-after': String(seconds) },
      )
    }
    case 'problem': {
      const body = bodyOf(fault.problem, fault.facts ?? {}, mode, requestId)
      return json(body.statusCode, JSON.stringify(body))
    }
    case 'slow-headers':
    case 'slow-body':
    case 'truncate':
      return undefined
  }
}

function target(to: string, request: RecordedRequest): string {
  const url = new URL(to)
  return url.pathname === '/' && url.search === '' ? new URL(request.url, url).href : url.href
}

/** Sends an answer, whole or as the fault wants it. `wait` ends early when the server is disposed of. */
export async function send(
  response: ServerResponse,
  wire: Wire,
  fault: Fault | undefined,
  wait: (ms: number) => Promise<void>,
): Promise<void> {
  const { body, status, headers } = wire
  if (body === undefined) {
    response.socket?.resetAndDestroy()
    return
  }
  const bytes = Buffer.from(body)
  // A 304 may not say how long its empty body is.
  response.writeHead(status, status === 304 ? headers : { ...headers, 'content-length': bytes.length })
  if (fault?.kind !== 'slow-body' && fault?.kind !== 'truncate') {
    response.end(bytes)
    return
  }
  const half = Math.floor(bytes.length / 2)
  await new Promise<void>((resolve) => response.write(bytes.subarray(0, half), () => resolve()))
  if (fault.kind === 'truncate') {
    response.socket?.destroy()
    return
  }
  await wait(fault.delayMs ?? 1_000)
  response.end(bytes.subarray(half))
}
