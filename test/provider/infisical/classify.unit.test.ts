/** The table of recorded answers: what each of them means, for both generations of the server. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { InfisicalProblem } from '../../../src/core/failure/infisical.ts'
import { failureText } from '../../../src/core/failure/words.ts'
import { classify, type Operation } from '../../../src/core/provider/infisical/classify.ts'

type Row = [
  what: string,
  operation: Operation,
  status: number,
  body: unknown,
  expected: Partial<InfisicalProblem>,
]
const two = (status: number, error: string, message: unknown) => ({ statusCode: status, error, message })
const now = (error: string, message: unknown, more = {}) => ({
  reqId: 'req-Ab12Cd34Ef56Gh',
  error,
  message,
  ...more,
})
const token = (why: string) => ({ kind: 'token', why }) as Partial<InfisicalProblem>

const Y2024: Row[] = [
  [
    'login refused',
    'login',
    403,
    two(403, 'UnauthorizedError', 'Invalid credentials'),
    { kind: 'bad-credentials' },
  ],
  [
    'secret expired',
    'login',
    403,
    two(403, 'UnauthorizedError', 'Failed to authenticate identity credentials due to expired client secret'),
    { kind: 'secret-expired' },
  ],
  [
    'secret used up',
    'login',
    403,
    two(
      403,
      'UnauthorizedError',
      'Failed to authenticate identity credentials due to client secret number of uses limit reached',
    ),
    { kind: 'secret-used-up' },
  ],
  [
    'address at login',
    'login',
    403,
    two(403, 'UnauthorizedError', 'Failed to authenticate'),
    { kind: 'address-refused' },
  ],
  [
    'address on a call',
    'read',
    403,
    two(403, 'UnauthorizedError', 'Failed to authenticate'),
    { kind: 'address-refused' },
  ],
  [
    'a field is missing',
    'login',
    403,
    two(403, 'ValidationFailure', [{ code: 'invalid_type', path: ['clientId'], message: 'Required' }]),
    { kind: 'invalid', why: 'clientId: Required' },
  ],
  ['no token', 'read', 403, two(403, 'Unauthorized access', 'Token missing'), { kind: 'not-allowed' }],
  ['garbage', 'read', 500, two(500, 'Internal Server Error', 'jwt malformed'), token('revoked')],
  ['no Bearer', 'read', 500, two(500, 'Internal Server Error', 'invalid token'), token('revoked')],
  ['another region', 'read', 500, two(500, 'Internal Server Error', 'invalid signature'), token('foreign')],
  ['expired', 'read', 500, two(500, 'Internal Server Error', 'jwt expired'), token('expired')],
  [
    'ttl over',
    'read',
    403,
    two(403, 'UnauthorizedError', 'Failed to renew MI access token due to TTL expiration'),
    token('expired'),
  ],
  [
    'revoked',
    'read',
    403,
    two(403, 'UnauthorizedError', 'You are not allowed to access this resource'),
    token('revoked'),
  ],
  [
    'used up',
    'read',
    400,
    two(400, 'BadRequest', 'Unable to renew because access token number of uses limit reached'),
    token('used-up'),
  ],
  [
    'renew past max',
    'token',
    403,
    two(403, 'UnauthorizedError', 'Failed to renew MI access token past its Max TTL expiration'),
    token('expired'),
  ],
  [
    'no right',
    'read',
    401,
    two(401, 'PermissionDenied', 'You are not allowed to read on secrets'),
    { kind: 'not-allowed', action: 'read' },
  ],
  [
    'no right to create',
    'write',
    401,
    two(401, 'PermissionDenied', 'You are not allowed to create on secrets'),
    { kind: 'not-allowed', action: 'create' },
  ],
  [
    'not in project',
    'read',
    403,
    two(403, 'Identity not in project', 'You are not allowed to access this resource'),
    { kind: 'not-member' },
  ],
  [
    'project id',
    'read',
    400,
    two(400, 'BadRequest', 'Project not found during bot lookup.'),
    { kind: 'no-project' },
  ],
  [
    'project slug',
    'read',
    500,
    two(500, 'Failed to find project by slug', 'Something went wrong'),
    { kind: 'no-project' },
  ],
  [
    'folder on get',
    'read',
    400,
    two(400, 'Create secret', 'Folder not found for the given environment slug & secret path'),
    { kind: 'no-folder' },
  ],
  ['secret', 'read', 400, two(400, 'BadRequest', 'Secret not found'), { kind: 'no-secret' }],
  [
    'secret on update',
    'write',
    400,
    two(400, 'BadRequest', 'Secret not found: blind index NOPE'),
    { kind: 'no-secret' },
  ],
  ['exists', 'write', 400, two(400, 'BadRequest', 'Secret already exist'), { kind: 'exists' }],
  ['environment', 'read', 400, two(400, 'get folders', 'Environment not found'), { kind: 'no-environment' }],
  [
    'too large',
    'write',
    413,
    {
      statusCode: 413,
      code: 'FST_ERR_CTP_BODY_TOO_LARGE',
      error: 'Payload Too Large',
      message: 'Request body is too large',
    },
    { kind: 'too-large' },
  ],
  [
    'route',
    'read',
    404,
    { message: 'Route GET:/api/v4/secrets?x=1 not found', error: 'Not Found', statusCode: 404 },
    { kind: 'no-route' },
  ],
  [
    'rate',
    'read',
    429,
    two(429, 'Too Many Requests', 'Rate limit exceeded, retry in 1 minute'),
    { kind: 'rate-limited', seconds: 60 },
  ],
  [
    'database',
    'read',
    500,
    two(500, 'IdAccessTokenFindOne', 'Something went wrong'),
    { kind: 'server', status: 500 },
  ],
]

const CURRENT: Row[] = [
  [
    'login refused',
    'login',
    401,
    now('UnauthorizedError', 'Invalid credentials'),
    { kind: 'bad-credentials' },
  ],
  [
    'locked out',
    'login',
    401,
    now('UnauthorizedError', 'This identity auth method is temporarily locked, please try again later'),
    { kind: 'locked-out' },
  ],
  [
    'secret expired',
    'login',
    401,
    now('UnauthorizedError', 'Access denied due to expired client secret'),
    { kind: 'secret-expired' },
  ],
  [
    'secret used up',
    'login',
    401,
    now('UnauthorizedError', 'Access denied due to client secret usage limit reached'),
    { kind: 'secret-used-up' },
  ],
  [
    'address',
    'login',
    403,
    now('ForbiddenError', 'You are not allowed to access this resource from the current IP address'),
    { kind: 'address-refused' },
  ],
  [
    'address on a call',
    'read',
    403,
    now('ForbiddenError', 'You are not allowed to access this resource from the current IP address'),
    { kind: 'address-refused' },
  ],
  [
    'a field is missing',
    'login',
    422,
    now('ValidationFailure', [{ path: ['clientId'], message: 'Required' }]),
    { kind: 'invalid' },
  ],
  ['no token', 'read', 401, now('UnauthorizedError', 'Token missing'), token('revoked')],
  [
    'malformed',
    'read',
    403,
    now('TokenError', 'The provided access token is malformed. Please use a valid token.'),
    token('revoked'),
  ],
  ['another region', 'read', 403, now('TokenError', 'invalid signature'), token('foreign')],
  [
    'expired',
    'read',
    403,
    now('TokenError', 'Your token has expired. Please re-authenticate.'),
    token('expired'),
  ],
  ['revoked', 'read', 401, now('UnauthorizedError', 'Your access token has been revoked'), token('revoked')],
  [
    'used up',
    'read',
    401,
    now('UnauthorizedError', 'Failed to authorize: token usage limit reached'),
    token('used-up'),
  ],
  [
    'renew exhausted',
    'token',
    401,
    now('UnauthorizedError', 'Cannot renew exhausted access token'),
    token('used-up'),
  ],
  [
    'renew past max',
    'token',
    401,
    now('UnauthorizedError', 'Cannot renew: identity access token has reached its max TTL'),
    token('expired'),
  ],
  [
    'no right',
    'read',
    403,
    now('PermissionDenied', 'You are not allowed to read on secrets', { details: [] }),
    { kind: 'not-allowed' },
  ],
  [
    'not in project',
    'read',
    403,
    now('ForbiddenError', 'You are not a member of this project'),
    { kind: 'not-member' },
  ],
  ['project', 'read', 404, now('NotFound', "Project with ID '0' not found"), { kind: 'no-project' }],
  [
    'folder whose name says project',
    'read',
    404,
    now(
      'SecretPathNotFound',
      "Folder with path '/project' in environment 'dev' was not found. Please ensure the environment slug and secret path is correct.",
    ),
    { kind: 'no-folder' },
  ],
  ['secret', 'read', 404, now('NotFound', "Secret with name 'A' not found"), { kind: 'no-secret' }],
  [
    'rate',
    'read',
    429,
    now('RateLimitExceeded', 'Rate limit exceeded. Please try again in 12 seconds'),
    { kind: 'rate-limited', seconds: 12 },
  ],
  [
    'lock contention',
    'login',
    429,
    now('RateLimitExceeded', 'Failed to acquire lock: rate limit exceeded'),
    { kind: 'rate-limited' },
  ],
  [
    'server',
    'read',
    500,
    now('InternalServerError', 'Something went wrong'),
    { kind: 'server', status: 500 },
  ],
  ['gateway', 'read', 504, now('GatewayTimeoutError', 'too slow'), { kind: 'server', status: 504 }],
  ['gone', 'read', 410, now('GoneError', 'gone'), { kind: 'server', status: 410 }],
]

const GO: Row[] = [
  [
    'validation',
    'read',
    400,
    {
      reqId: 'req-1',
      error: 'ValidationError',
      message: 'Validation failed',
      details: [{ field: 'environment', message: 'required' }],
    },
    { kind: 'invalid', why: 'environment: required' },
  ],
  ['environment', 'read', 404, now('NotFound', 'Environment not found'), { kind: 'no-environment' }],
]

describe.each([
  ['2024', Y2024],
  ['current', CURRENT],
  ['go', GO],
])('%s', (_, rows) => {
  test.each(rows)('%s', (_what, operation, status, body, expected) => {
    expect(classify({ status, body, retryAfter: undefined }, operation)).toMatchObject(expected)
  })
})

test('Retry-After goes before the words', () => {
  const problem = classify({ status: 429, body: two(429, 'x', 'retry in 1 minute'), retryAfter: 7 }, 'read')
  expect(problem).toEqual({ kind: 'rate-limited', seconds: 7 })
})

test('any answer has a meaning and words of one line, and a bad body never throws', () => {
  void fc.assert(
    fc.property(
      fc.integer({ min: 400, max: 599 }),
      fc.oneof(
        fc.jsonValue(),
        fc.constant(undefined),
        fc.record({ error: fc.jsonValue(), message: fc.jsonValue() }),
      ),
      fc.constantFrom<Operation>('login', 'token', 'read', 'write'),
      (status, body, operation) => {
        const problem = classify({ status, body, retryAfter: undefined }, operation)
        const { message, exitCode } = failureText({
          reason: 'infisical',
          problem,
          at: { host: 'https://h' },
        })
        return !message.includes('\n') && [65, 69, 75, 77].includes(exitCode)
      },
    ),
  )
})

test("a server's own words are cut, and addresses taken out of them", () => {
  const message = `see https://host/x?token=abc ${'y'.repeat(500)}`
  const problem = classify({ status: 500, body: two(500, 'E', message), retryAfter: undefined }, 'read')
  expect(problem).toMatchObject({ kind: 'server', message: expect.not.stringContaining('token=abc') })
  expect((problem as { message: string }).message.length).toBeLessThanOrEqual(160)
})
