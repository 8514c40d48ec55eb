import { AsyncLocalStorage } from 'node:async_hooks'
import type { InfisicalSDK } from '@infisical/sdk'
import type { Operation } from '../../core/provider/infisical/classify.ts'
import { err, type Result } from '../../core/result.ts'
import { type Answer, exchange, type Refused } from './exchange.ts'
import type { HttpClient, HttpRequest } from './http.ts'

/** What the SDK is given where a request of its own failed: not 429 and not an exception, or it would repeat it. */
const FAILED = 418

/**
 * Runs one call of the official SDK over our own guarded client. The SDK (5.0.2) calls the global `fetch`, follows
 * redirects with the credentials, takes an HTML page for a login, repeats a refused login and throws the TTL away:
 * here its `fetch` is ours inside the call, so none of that can happen, and what it returns is the whole
 * answer instead of what the SDK leaves of it.
 */
export async function viaSdk(
  client: HttpClient,
  operation: Operation,
  call: (sdk: InfisicalSDK) => Promise<unknown>,
  adjust: (request: HttpRequest) => HttpRequest = (request) => request,
): Promise<Result<Answer, Refused>> {
  const { InfisicalSDK: Sdk } = await import('@infisical/sdk')
  let outcome: Result<Answer, Refused> | undefined
  const guarded = async (url: string, init: RequestInit): Promise<unknown> => {
    const { origin, pathname, search } = new URL(url)
    if (origin !== client.host) throw new Error('the SDK asked for another host')
    const request = adjust({
      method: init.method as HttpRequest['method'],
      path: `${pathname}${search}`,
      headers: authorization(init.headers),
      body: typeof init.body === 'string' ? init.body : undefined,
    })
    outcome = await exchange(client, request, operation)
    const text = outcome.ok ? JSON.stringify(outcome.value.json ?? null) : '{"message":"failed"}'
    const status = outcome.ok ? outcome.value.status : FAILED
    return { status, ok: outcome.ok, body: null, text: async () => text }
  }
  return withFetch(guarded, async () => {
    try {
      await call(new Sdk({ siteUrl: client.host })) // a new one for each call: an old one would send its old token
    } catch (error) {
      if (outcome === undefined) throw error
    }
    return outcome ?? err({ problem: { kind: 'not-infisical', why: 'the SDK asked nothing' } })
  })
}

/** Of the SDK's headers only the token goes on; the others are the client's own. */
function authorization(headers: RequestInit['headers']): Record<string, string> {
  const value = (headers as Record<string, string> | undefined)?.Authorization
  return value === undefined ? {} : { authorization: value }
}

type Guard = (url: string, init: RequestInit) => Promise<unknown>
const guards = new AsyncLocalStorage<Guard>()

/** The global `fetch` asks whose call it is in, so that several can run at once; everybody else gets Node's own. */
function withFetch<T>(guard: Guard, work: () => Promise<T>): Promise<T> {
  if (!installed) {
    installed = true
    const own = globalThis.fetch
    const guarded = (url: string, init: RequestInit) => (guards.getStore() ?? own)(url, init)
    globalThis.fetch = guarded as unknown as typeof fetch
  }
  return guards.run(guard, work)
}

let installed = false
