import type { Identity } from '../identities.ts'
import { Problem } from '../problems.ts'
import type { Limits, Mode, Reply } from '../types.ts'
import type { World } from '../world.ts'

/** A request as a handler sees it: parsed, its token verified. */
export interface Call {
  readonly world: World
  readonly params: Record<string, string>
  readonly query: Record<string, unknown>
  readonly body: unknown
  readonly address: string
  readonly url: string
  readonly identity: Identity | undefined
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Segments that start with a colon are parameters. */
  readonly path: string
  /** All generations, unless said otherwise. */
  readonly modes?: readonly Mode[]
  /** Who may call it: anybody, a machine, or only a person (who has no place here, so it refuses). */
  readonly for: 'anybody' | 'machine' | 'person'
  readonly limit: keyof Limits | 'none'
  readonly handle: (call: Call) => Reply
}

export const ok = (body: unknown): Reply => ({ status: 200, body })

/** The identity behind the call; the edge has checked that there is one. */
export function caller(call: Call): Identity {
  if (call.identity === undefined) throw new Problem('tokenMissing')
  return call.identity
}

export interface Found {
  readonly route: Route
  readonly params: Record<string, string>
}

/** The route for a path. A slash at its end does not matter. */
export function findRoute(
  routes: readonly Route[],
  mode: Mode,
  method: string,
  path: string,
): Found | undefined {
  const parts = path.replace(/(.)\/$/, '$1').split('/')
  for (const route of routes) {
    if (route.method !== method || route.modes?.includes(mode) === false) continue
    const params = matchParts(route.path.split('/'), parts)
    if (params !== undefined) return { route, params }
  }
  return undefined
}

function matchParts(wanted: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (wanted.length !== parts.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, want] of wanted.entries()) {
    const part = parts[index] ?? ''
    if (!want.startsWith(':')) {
      if (want !== part) return undefined
    } else if (part === '') return undefined
    else params[want.slice(1)] = decoded(part)
  }
  return params
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
