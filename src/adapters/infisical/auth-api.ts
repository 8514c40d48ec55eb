import * as z from 'zod'
import { isJwt, type LoginAnswer } from '../../core/provider/infisical/token.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { exchange, type Refused } from './exchange.ts'
import type { HttpClient } from './http.ts'
import { viaSdk } from './sdk.ts'

/** What logs in. */
interface Credentials {
  clientId: string
  clientSecret: string
  /** Slug of a sub-organisation; the SDK has no word for it. */
  organization?: string | undefined
}

const answer = z.object({
  accessToken: z.string().refine(isJwt),
  expiresIn: z.number(),
  accessTokenMaxTTL: z.number(),
})

/** Universal Auth login (POST /api/v1/auth/universal-auth/login), once. */
export async function login(
  client: HttpClient,
  credentials: Credentials,
): Promise<Result<LoginAnswer, Refused>> {
  const { clientId, clientSecret, organization } = credentials
  const answered = await viaSdk(
    client,
    'login',
    (sdk) => sdk.auth().universalAuth.login({ clientId, clientSecret }),
    (request) =>
      organization === undefined
        ? request
        : { ...request, body: JSON.stringify({ clientId, clientSecret, organizationSlug: organization }) },
  )
  return answered.ok ? tokenIn(answered.value.json) : answered
}

/**
 * Renews a token (POST /api/v1/auth/token/renew). Without an Authorization header, which the SDK sends: the server
 * would count it as one more use of a token whose uses are limited.
 */
export async function renew(client: HttpClient, token: string): Promise<Result<LoginAnswer, Refused>> {
  const body = JSON.stringify({ accessToken: token })
  const answered = await exchange(client, { method: 'POST', path: '/api/v1/auth/token/renew', body }, 'token')
  return answered.ok ? tokenIn(answered.value.json) : answered
}

/** Ends a token (POST /api/v1/auth/token/revoke). A token that the server no longer knows is ended, too. */
export async function revoke(client: HttpClient, token: string): Promise<Result<void, Refused>> {
  const body = JSON.stringify({ accessToken: token })
  const answered = await exchange(
    client,
    { method: 'POST', path: '/api/v1/auth/token/revoke', body },
    'token',
  )
  return answered.ok || answered.error.problem.kind === 'token' ? ok() : answered
}

function tokenIn(json: unknown): Result<LoginAnswer, Refused> {
  const parsed = answer.safeParse(json)
  if (parsed.success) return ok(parsed.data)
  return err({ problem: { kind: 'not-infisical', why: 'its answer to the login holds no token' } })
}
