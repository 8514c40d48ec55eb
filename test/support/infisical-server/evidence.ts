import type { RecordedRequest } from './types.ts'

/** Routes that need no token: one shown there is verified all the same, and costs a use. */
const OPEN = [
  '/api/v1/auth/universal-auth/login',
  '/api/v1/auth/token/renew',
  '/api/v1/auth/token/revoke',
  '/api/status',
]

/** The requests that carried a token where none is needed. A test wants none. */
export function needlessTokens(requests: readonly RecordedRequest[]): RecordedRequest[] {
  return requests.filter(({ path, headers }) => OPEN.includes(path) && headers.authorization !== undefined)
}

/** The requests that carried any of these texts in a place where it is written down: the URL or a header. */
export function exposing(requests: readonly RecordedRequest[], ...secrets: string[]): RecordedRequest[] {
  return requests.filter(({ url, headers }) => {
    const { authorization: _, ...others } = headers
    const written = decodeURIComponent(url) + JSON.stringify(others)
    return secrets.some((secret) => written.includes(secret))
  })
}

/** Whether any of these texts arrived at all: what a server must see nothing of that a client was sent away to. */
export function received(requests: readonly RecordedRequest[], ...secrets: string[]): RecordedRequest[] {
  return requests.filter(({ url, headers, body }) => {
    const all = url + decodeURIComponent(url) + JSON.stringify(headers) + body
    return secrets.some((secret) => all.includes(secret))
  })
}
