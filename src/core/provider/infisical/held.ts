import * as z from 'zod'
import type { TokenTimes } from './token.ts'

/**
 * What the holder keeps of a session with Infisical between two runs of Node, as an internal entry: never granted to
 * a command. JSON, because no other language reads it.
 */
export interface HeldSession {
  /** Hash of everything that decides what is fetched: another one, and nothing of this is used. */
  source: string
  /** Name of the identity in the vault. */
  identity: string
  /** Absent where the last set came from the copy of an earlier pull. */
  token?: HeldToken | undefined
  /** Tokens that were replaced and still work: running commands may use them. Revoked at lock. */
  older: HeldToken[]
  projectId: string
  api: 'v3' | 'v4'
  /** In the order of the project's `paths`. */
  etags: (string | null)[]
  /** Every name of the last pull, with its folder. */
  names: [name: string, path: string][]
}

/** Times are Unix milliseconds. */
export interface HeldToken {
  token: string
  /** Whose it is: a token goes to no other server, whatever the project's identity is later. */
  host: string
  ca?: string | undefined
  /** When this JWT was issued to us. */
  issuedAt: number
  /** When the first of its line logged in: renewals go no further than the maximum from there. */
  firstLogin: number
  endsAt: number
  times: TokenTimes
}

/** What is left to do at lock: the entry `@revoke` of the protocol, handed to the monitor as it is. */
export interface Revocation {
  /** Of the activity log. */
  label: string
  servers: { host: string; ca?: string | undefined; tokens: string[] }[]
}

export const SESSION_ENTRY = '@infisical'
export const REVOKE_ENTRY = '@revoke'

const heldToken = z.object({
  token: z.string(),
  host: z.string(),
  ca: z.string().optional(),
  issuedAt: z.number(),
  firstLogin: z.number(),
  endsAt: z.number(),
  times: z.object({ lifetime: z.number(), ttl: z.number(), maxTtl: z.number() }),
})
const heldSession = z.object({
  source: z.string(),
  identity: z.string(),
  token: heldToken.optional(),
  older: z.array(heldToken),
  projectId: z.string(),
  api: z.enum(['v3', 'v4']),
  etags: z.array(z.string().nullable()),
  names: z.array(z.tuple([z.string(), z.string()])),
})
const server = z.object({ host: z.string(), ca: z.string().optional(), tokens: z.array(z.string()).max(64) })
const revocation = z.object({ label: z.string(), servers: z.array(server).max(64) })
/** The bound of LAST in `native/PROTOCOL.md`, less some room. */
const MAX_REVOCATION = 60 * 1024

/**
 * The entry that ends these tokens, newest first, as its bytes; undefined for none. What does not fit into the one
 * frame that the holder sends without waiting ends by its own time.
 */
export function revocationOf(label: string, tokens: readonly HeldToken[]): Buffer | undefined {
  for (let count = tokens.length; count > 0; count--) {
    const bytes = encodeHeld({ label, servers: byServer(tokens.slice(0, count)) })
    if (bytes.length <= MAX_REVOCATION) return bytes
    bytes.fill(0)
  }
  return undefined
}

/** Tokens grouped by the server that gave them: each may bring a large certificate along. */
export function byServer(tokens: readonly HeldToken[]): Revocation['servers'] {
  const servers = new Map<string, Revocation['servers'][number]>()
  for (const { host, ca, token } of tokens) {
    const key = `${host}\0${ca ?? ''}`
    const known = servers.get(key) ?? { host, ca, tokens: [] }
    servers.set(key, { ...known, tokens: [...known.tokens, token] })
  }
  return [...servers.values()]
}

/** The bytes of an entry; the caller wipes them. */
export function encodeHeld(value: HeldSession | Revocation): Buffer {
  return Buffer.from(JSON.stringify(value))
}

/** Tokens of a session that still work, newest first: a running command may have been given one of them. */
export function liveTokens({ token, older }: Pick<HeldSession, 'token' | 'older'>, now: number): HeldToken[] {
  const all = token === undefined ? older : [token, ...older]
  return all.filter(({ endsAt }) => endsAt > now).slice(0, 16)
}

/** Undefined: not what this version writes. Does not wipe `bytes`. */
export function parseSession(bytes: Buffer): HeldSession | undefined {
  return parseWith(heldSession, bytes)
}

export function parseRevocation(bytes: Buffer): Revocation | undefined {
  return parseWith(revocation, bytes)
}

function parseWith<T>(schema: z.ZodType<T>, bytes: Buffer): T | undefined {
  try {
    return schema.parse(JSON.parse(bytes.toString('utf8')))
  } catch {
    return undefined
  }
}
