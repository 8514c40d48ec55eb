import type { InfisicalProblem } from '../../failure/infisical.ts'

/** An answer that is no success, as the wire gave it. */
interface Refusal {
  status: number
  /** The parsed JSON body; undefined where there was none. */
  body: unknown
  retryAfter: number | undefined
}

/** What was tried: the same status means different things. */
export type Operation = 'login' | 'token' | 'read' | 'write'

/**
 * The meaning of a refusal. Two generations of the server answer differently: the 2024 one says 403 where the current
 * one says 401 and the reverse, and 500 for a token that it can't read. Source: recorded answers and the source of
 * both (the tests hold a table of them).
 */
export function classify({ status, body, retryAfter }: Refusal, operation: Operation): InfisicalProblem {
  const { error, message, issues } = wordsOf(body)
  if (status === 429) return { kind: 'rate-limited', seconds: retryAfter ?? secondsIn(message) ?? 60 }
  if (status === 404 && /^Route (GET|POST|PATCH|DELETE|PUT):/.test(message)) return { kind: 'no-route' }
  if (status === 413) return { kind: 'too-large' }
  if (issues !== undefined || error === 'ValidationFailure' || error === 'ValidationError')
    return { kind: 'invalid', why: issues ?? message }
  return (
    (operation === 'login' ? loginProblem(status, message) : tokenProblem(status, error, message)) ??
    accessProblem(status, error, message) ??
    absence(status, message) ?? { kind: 'server', status, message: brief(message || error) }
  )
}

function loginProblem(status: number, message: string): InfisicalProblem | undefined {
  if (status !== 401 && status !== 403) return undefined
  if (/temporarily locked/i.test(message)) return { kind: 'locked-out' }
  if (/expired client secret/i.test(message)) return { kind: 'secret-expired' }
  if (/number of uses limit|usage limit/i.test(message)) return { kind: 'secret-used-up' }
  if (/IP address/i.test(message) || message === 'Failed to authenticate') return { kind: 'address-refused' }
  return { kind: 'bad-credentials' }
}

function tokenProblem(status: number, error: string, message: string): InfisicalProblem | undefined {
  const token = (why: 'expired' | 'revoked' | 'used-up' | 'foreign'): InfisicalProblem => ({
    kind: 'token',
    why,
  })
  if (/invalid signature/i.test(message) && (status === 500 || status === 403)) return token('foreign')
  if (status === 500 && /^(jwt |invalid token)/i.test(message))
    return token(/expired/i.test(message) ? 'expired' : 'revoked')
  if (/(uses|usage) limit reached|exhausted access token/i.test(message)) return token('used-up')
  if (status === 403 && error === 'TokenError') return token(/expired/i.test(message) ? 'expired' : 'revoked')
  if (/IP address/i.test(message) || (status === 403 && message === 'Failed to authenticate'))
    return { kind: 'address-refused' }
  if (status === 401 && error !== 'PermissionDenied')
    return token(/max TTL|expired/i.test(message) ? 'expired' : 'revoked')
  if (status === 403 && error === 'UnauthorizedError')
    return token(/TTL expiration/i.test(message) ? 'expired' : 'revoked')
  return undefined
}

function accessProblem(status: number, error: string, message: string): InfisicalProblem | undefined {
  if (error === 'Identity not in project' || error === 'ProjectMembershipNotFound')
    return { kind: 'not-member' }
  if (status === 403 && /reference/i.test(message)) return { kind: 'reference', what: brief(message) }
  if (status === 403 && error === 'ForbiddenError') return { kind: 'not-member' }
  if ((status === 401 || status === 403) && error === 'PermissionDenied')
    return { kind: 'not-allowed', action: actionOf(message) }
  return status === 403 ? { kind: 'not-allowed', action: 'read' } : undefined
}

/** 2024 answers 400 or 500 with a text, the current server 404. */
function absence(status: number, message: string): InfisicalProblem | undefined {
  if (status !== 400 && status !== 404 && status !== 500) return undefined
  // First the texts that quote a path, which may hold any of the other words.
  if (/^folder .*not found/i.test(message)) return { kind: 'no-folder' }
  if (/^environment .*not found/i.test(message)) return { kind: 'no-environment' }
  if (/bot lookup|project.*not found|find project/i.test(message)) return { kind: 'no-project' }
  if (/secret.*not found/i.test(message)) return { kind: 'no-secret', name: '' }
  if (/already exist/i.test(message)) return { kind: 'exists' }
  return status === 404 ? { kind: 'no-project' } : undefined
}

function actionOf(message: string): string {
  return /to (read|create|edit|delete|describe)/i.exec(message)?.[1]?.toLowerCase() ?? 'read'
}

/** "retry in 1 minute", "Please try again in 12 seconds". */
function secondsIn(message: string): number | undefined {
  const found = /in (\d+) (second|minute)/i.exec(message)
  if (found === null) return undefined
  return Number(found[1]) * (found[2]?.toLowerCase() === 'minute' ? 60 : 1)
}

interface Words {
  error: string
  message: string
  /** The places of a validation error, without values. */
  issues: string | undefined
}

function wordsOf(body: unknown): Words {
  const { error, message, details } = (body ?? {}) as Record<string, unknown>
  const list = Array.isArray(message) ? message : error === 'ValidationError' ? details : undefined
  const issues = Array.isArray(list)
    ? list.map((issue) => issueText(issue)).filter((text) => text !== '')
    : undefined
  const text = typeof message === 'string' ? message : ''
  const name = typeof error === 'string' ? error : ''
  // "Failed to find project by slug" stands in `error`, beside the message "Something went wrong".
  const said = text === 'Something went wrong' && /project|folder|environment/i.test(name) ? name : text
  return { error: name, message: said, issues: issues && (issues.join('; ') || 'the request') }
}

function issueText(issue: unknown): string {
  const { path, field, message } = (issue ?? {}) as Record<string, unknown>
  const where = Array.isArray(path) ? path.join('.') : typeof field === 'string' ? field : ''
  const why = typeof message === 'string' ? message : ''
  return brief([where, why].filter((part) => part !== '').join(': '))
}

/** A server's own words, for a person: one line, bounded, without a URL whose query could hold anything. */
function brief(text: string): string {
  const line = text
    .replace(/https?:\/\/\S+/g, '(address)')
    .replace(/\s+/g, ' ')
    .trim()
  return line.length > 160 ? `${line.slice(0, 159)}…` : line
}
