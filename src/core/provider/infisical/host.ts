import { err, ok, type Result } from '../../result.ts'

/** Where an identity without `--host` logs in. */
export const DEFAULT_HOST = 'https://eu.infisical.com'

const LOOPBACK = /^(127(\.\d{1,3}){3}|localhost|\[::1\])$/

/**
 * The origin of an Infisical server from what a person writes: `eu.infisical.com`, with or without scheme, trailing
 * slashes and `/api` (clients disagree about that suffix). `http` only to this machine: credentials would travel in
 * clear. Failure: usage.
 */
export function normaliseHost(text: string): Result<string> {
  const word = text.trim()
  const refuse = (why: string) =>
    err({ reason: 'usage', message: `the host ${why}`, next: `tazpod login --host ${DEFAULT_HOST}` } as const)
  if (word === '') return refuse('is empty')
  let url: URL
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(word) ? word : `https://${word}`)
  } catch {
    return refuse('is no address')
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return refuse('must start with https://')
  if (url.username !== '' || url.password !== '') return refuse('must not contain a user or a password')
  if (url.search !== '' || url.hash !== '') return refuse('must not contain "?" or "#"')
  if (!/^\/*(api\/*)?$/.test(url.pathname))
    return refuse(`must have no path but /api, and has ${url.pathname}`)
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    return refuse('must be https: over http everybody on the way would read the credentials')
  }
  return ok(url.origin)
}
