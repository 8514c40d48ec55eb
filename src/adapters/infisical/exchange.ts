import { setTimeout as sleep } from 'node:timers/promises'
import type { InfisicalProblem } from '../../core/failure/infisical.ts'
import { classify, type Operation } from '../../core/provider/infisical/classify.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { HttpAnswer, HttpClient, HttpRequest } from './http.ts'

/** A successful answer. */
export interface Answer {
  status: number
  /** Parsed; undefined for an empty body. */
  json: unknown
  etag: string | undefined
}

/** A refusal, with the number that finds it in the server's log. */
export interface Refused {
  problem: InfisicalProblem
  requestId?: string
}

const TRIES = 3
const FIRST_WAIT_MS = 500
/** A person at a prompt waits no longer than this for a server that asks for patience. */
const MAX_WAIT_S = 20

/**
 * One request with its meaning: the answer as JSON, or what the refusal says. Repeated (twice at most) only where that
 * is safe: reads after a network fault or 502, 503, 504, and anything after 429, honouring Retry-After. A login that
 * was refused or may have arrived is never repeated: the third wrong one locks the identity out.
 */
export async function exchange(
  client: HttpClient,
  request: HttpRequest,
  operation: Operation,
): Promise<Result<Answer, Refused>> {
  for (let tries = 1; ; tries++) {
    const sent = await client.send(request)
    const outcome = sent.ok ? meaning(sent.value, operation) : err<Refused>({ problem: sent.error })
    if (outcome.ok || tries === TRIES) return outcome
    const wait = patience(outcome.error.problem, request, tries)
    if (wait === undefined) return outcome
    await sleep(wait)
  }
}

/** How long to wait (ms) before the same request may go out again; undefined: it must not. */
function patience(problem: InfisicalProblem, { method }: HttpRequest, tries: number): number | undefined {
  const usual = FIRST_WAIT_MS * 3 ** (tries - 1) * (0.8 + Math.random() * 0.4)
  if (problem.kind === 'rate-limited')
    return problem.seconds <= MAX_WAIT_S ? problem.seconds * 1000 + usual / 5 : undefined
  if (method !== 'GET') return undefined
  // Not what has already been waited for until the deadline: a person would wait three times as long.
  if (problem.kind === 'unreachable') return /broke/.test(problem.why) ? usual : undefined
  return problem.kind === 'server' && [502, 503, 504].includes(problem.status) ? usual : undefined
}

function meaning(answer: HttpAnswer, operation: Operation): Result<Answer, Refused> {
  const { status, headers, body } = answer
  const text = body.toString('utf8')
  body.fill(0)
  const fail = (problem: InfisicalProblem): Result<never, Refused> => {
    const id = requestIdOf(text)
    return err(id === undefined ? { problem } : { problem, requestId: id })
  }
  if (status === 304) return ok({ status, json: undefined, etag: headers.etag })
  if (status >= 300 && status < 400) return fail({ kind: 'redirected', to: originOf(headers.location) })
  const isJson = /^application\/([\w.-]+\+)?json\b/i.test(headers['content-type'] ?? '')
  const json = isJson ? parsed(text) : undefined
  if (status >= 200 && status < 300) {
    if (status === 204 || text === '') return ok({ status, json: undefined, etag: headers.etag })
    if (json === undefined) {
      return fail({ kind: 'not-infisical', why: isJson ? 'its answer is no JSON' : 'it answers with a page' })
    }
    return ok({ status, json, etag: headers.etag })
  }
  if (json === undefined && status === 404)
    return fail({ kind: 'not-infisical', why: 'it answers with a page' })
  const retryAfter = Number(headers['retry-after'])
  return fail(
    classify(
      { status, body: json, retryAfter: retryAfter > 0 ? Math.ceil(retryAfter) : undefined },
      operation,
    ),
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // its own words would quote the body
  }
}

function requestIdOf(text: string): string | undefined {
  return /"reqId":"(req-[A-Za-z0-9]{1,40})"/.exec(text)?.[1]
}

function originOf(location: string | undefined): string {
  try {
    return new URL(location ?? '').origin
  } catch {
    return 'another place'
  }
}
