import { login, renew } from '../../../adapters/infisical/auth-api.ts'
import type { Refused } from '../../../adapters/infisical/exchange.ts'
import type { HttpClient } from '../../../adapters/infisical/http.ts'
import type { HeldToken } from '../../../core/provider/infisical/held.ts'
import { type LoginAnswer, margin, mayRenew, tokenTimes } from '../../../core/provider/infisical/token.ts'
import { ok, type Result } from '../../../core/result.ts'
import type { StoredIdentity } from '../../../core/vault/document.ts'

/** Slack for the time between a timer's end and the look at the clock. */
const SLACK_MS = 2_000

/** A new session. Tried once. */
export async function freshToken(
  client: HttpClient,
  identity: StoredIdentity,
): Promise<Result<HeldToken, Refused>> {
  const answer = await login(client, identity)
  return answer.ok ? ok(held(identity, answer.value)) : answer
}

/**
 * The token to go on with: the one that is held while it has time left, else a renewed one where the server allows
 * that, else one of a new login.
 */
export async function currentToken(
  client: HttpClient,
  identity: StoredIdentity,
  before: HeldToken | undefined,
): Promise<Result<HeldToken, Refused>> {
  const now = Date.now()
  if (before === undefined || before.endsAt <= now) return freshToken(client, identity)
  const left = before.endsAt - now
  if (left > margin(before.times.lifetime) * 1000 + SLACK_MS) return ok(before)
  if (!mayRenew(before.times, (now - before.firstLogin) / 1000)) return freshToken(client, identity)
  const answer = await renew(client, before.token)
  if (!answer.ok) return answer.error.problem.kind === 'token' ? freshToken(client, identity) : answer
  const same = answer.value.accessToken === before.token
  return ok(held(identity, answer.value, before.firstLogin, same ? before.issuedAt : Date.now()))
}

/** Seconds until a token should be replaced; at least 1. */
export function refreshIn(token: HeldToken): number {
  const left = (token.endsAt - Date.now()) / 1000
  return Math.max(1, Math.floor(left - margin(token.times.lifetime)))
}

function held(
  { host, ca }: StoredIdentity,
  answer: LoginAnswer,
  firstLogin?: number,
  issued?: number,
): HeldToken {
  const now = Date.now()
  const issuedAt = issued ?? now
  const times = tokenTimes(answer, (now - issuedAt) / 1000)
  const endsAt = now + times.lifetime * 1000
  return { token: answer.accessToken, host, ca, issuedAt, firstLogin: firstLogin ?? now, endsAt, times }
}
