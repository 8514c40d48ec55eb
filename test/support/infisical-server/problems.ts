import type { Mode } from './types.ts'

/** What a problem's text mentions. */
export interface Facts {
  message?: string
  name?: string
  path?: string
  environment?: string
  project?: string
  action?: string
  subject?: string
  reason?: string
  prefix?: string
  url?: string
  method?: string
  seconds?: number
  issues?: readonly Issue[]
}

export interface Issue {
  code: string
  path: readonly (string | number)[]
  message: string
  [more: string]: unknown
}

type Body = { statusCode: number; [more: string]: unknown }

interface Wording {
  old: Body
  now: Body
  go?: Body
}

// The order of the keys is the service's own: an answer can be compared as text.
const plain = (statusCode: number, error: string, message: string): Body => ({ statusCode, message, error })
const framework = (statusCode: number, error: string, message: string): Body => ({
  statusCode,
  error,
  message,
})
const both = (body: Body): Wording => ({ old: body, now: body })

const NOT_ALLOWED = 'You are not allowed to access this resource'
const WENT_WRONG = 'Something went wrong'
const unauthorized = (message: string): Body => plain(401, 'UnauthorizedError', message)
const refused = (message: string): Body => plain(403, 'UnauthorizedError', message)
const folderMissing = ({ path, environment }: Facts): string =>
  `Folder with path '${path}' in environment '${environment}' was not found. Please ensure the environment slug and secret path is correct.`
const EXPLAINED: Record<string, string> = {
  'jwt expired': 'Your token has expired. Please re-authenticate.',
  'jwt malformed':
    'The provided access token is malformed. Please use a valid token or generate a new one and try again.',
  'invalid algorithm':
    'The access token is signed with an invalid algorithm. Please provide a valid token and try again.',
}

const WORDING = {
  invalidCredentials: () => ({
    old: refused('Invalid credentials'),
    now: unauthorized('Invalid credentials'),
  }),
  lockedOut: () =>
    both(unauthorized('This identity auth method is temporarily locked, please try again later')),
  lockContention: () => both(plain(429, 'RateLimitExceeded', 'Failed to acquire lock: rate limit exceeded')),
  clientSecretExpired: () => ({
    old: refused('Failed to authenticate identity credentials due to expired client secret'),
    now: unauthorized('Access denied due to expired client secret'),
  }),
  clientSecretUsedUp: () => ({
    old: refused(
      'Failed to authenticate identity credentials due to client secret number of uses limit reached',
    ),
    now: unauthorized('Access denied due to client secret usage limit reached'),
  }),
  addressNotAllowed: () => ({
    old: refused('Failed to authenticate'),
    now: plain(
      403,
      'ForbiddenError',
      'You are not allowed to access this resource from the current IP address',
    ),
  }),
  validation: ({ issues = [] }: Facts) => ({
    old: { statusCode: 403, error: 'ValidationFailure', message: issues },
    now: { statusCode: 422, error: 'ValidationFailure', message: issues },
    go: {
      statusCode: 400,
      message: 'Validation failed',
      error: 'ValidationError',
      details: issues.map((issue) => ({ field: issue.path.join('.'), message: issue.message })),
    },
  }),
  malformedJson: ({ message = '' }: Facts) => both(framework(400, 'Bad Request', message)),
  mediaType: ({ name }: Facts) =>
    both({
      statusCode: 415,
      code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE',
      error: 'Unsupported Media Type',
      message: `Unsupported Media Type: ${name}`,
    }),
  bodyTooLarge: () =>
    both({
      statusCode: 413,
      code: 'FST_ERR_CTP_BODY_TOO_LARGE',
      error: 'Payload Too Large',
      message: 'Request body is too large',
    }),
  tokenMissing: () => ({
    old: plain(403, 'Unauthorized access', 'Token missing'),
    now: unauthorized('Token missing'),
  }),
  jwt: ({ message = '' }: Facts) => ({
    old: framework(500, 'Internal Server Error', message),
    now: framework(403, 'TokenError', EXPLAINED[message] ?? message),
  }),
  ttlOver: () => both(refused('Failed to renew MI access token due to TTL expiration')),
  tokenUnknown: ({ prefix = 'Failed to authorize', reason = 'token has been revoked' }: Facts): Wording => ({
    old: refused(NOT_ALLOWED),
    now: unauthorized(`${prefix}: ${reason}`),
  }),
  serviceTokenUnknown: () => ({ old: refused(NOT_ALLOWED), now: unauthorized(NOT_ALLOWED) }),
  tokenUsedUp: () => ({
    old: plain(400, 'BadRequest', 'Unable to renew because access token number of uses limit reached'),
    now: unauthorized('Failed to authorize: token usage limit reached'),
  }),
  renewUsedUp: () => both(unauthorized('Cannot renew exhausted access token')),
  maxTtlOver: () => both(refused('Failed to renew MI access token due to Max TTL expiration')),
  pastMaxTtl: () => ({
    old: refused('Failed to renew MI access token past its Max TTL expiration'),
    now: unauthorized('Cannot renew: identity access token has reached its max TTL'),
  }),
  permission: ({ action = 'read', subject = 'secrets', environment, path }: Facts): Wording => {
    const message = `You are not allowed to ${action} on ${subject}`
    const conditions = { environment: { $eq: environment }, secretPath: { $eq: path } }
    const details = [{ action: [action], inverted: true, subject: [subject], conditions }]
    return {
      old: framework(401, 'PermissionDenied', message),
      now: { ...framework(403, 'PermissionDenied', message), details },
    }
  },
  referenceForbidden: ({ name, environment, path }: Facts): Wording => ({
    ...both(
      plain(
        403,
        'ForbiddenError',
        `You are attempting to reference secret named ${name} from environment ${environment} in path ${path} which you do not have access to read value on.`,
      ),
    ),
    go: plain(403, 'ForbiddenError', 'Permission denied for secret reference expansion'),
  }),
  notInProject: () => ({
    old: plain(403, 'Identity not in project', NOT_ALLOWED),
    now: plain(403, 'ForbiddenError', 'You are not a member of this project'),
  }),
  machinesRefused: ({ url }: Facts): Wording => ({
    old: plain(403, `${url} Unauthorized Access`, NOT_ALLOWED),
    now: plain(403, `Forbidden access to ${url}`, NOT_ALLOWED),
  }),
  projectUnknown: ({ project }: Facts): Wording => ({
    old: plain(400, 'BadRequest', 'Project not found during bot lookup.'),
    now: plain(404, 'NotFound', `Project with ID '${project}' not found`),
  }),
  slugUnknown: ({ project }: Facts): Wording => ({
    old: plain(500, 'Failed to find project by slug', WENT_WRONG),
    now: plain(404, 'NotFound', `Project with slug '${project}' not found`),
  }),
  scopeMissing: () => ({
    old: plain(400, 'BadRequest', 'Missing workspace id or environment'),
    now: plain(400, 'BadRequest', 'Missing project id or environment'),
  }),
  folderUnknown: (facts: Facts): Wording => ({
    old: plain(400, 'Create secret', 'Folder not found for the given environment slug & secret path'),
    now: plain(404, 'SecretPathNotFound', folderMissing(facts)),
  }),
  environmentUnknown: ({ environment, project }: Facts): Wording => ({
    old: plain(400, 'get folders', 'Environment not found'),
    now: plain(
      404,
      'NotFound',
      `Environment with slug '${environment}' in project with ID ${project} not found`,
    ),
    go: plain(404, 'NotFound', 'Environment not found'),
  }),
  secretUnknown: ({ name }: Facts): Wording => ({
    old: plain(400, 'BadRequest', 'Secret not found'),
    now: plain(404, 'NotFound', `Secret with name '${name}' not found`),
  }),
  secretUnknownToWrite: ({ name }: Facts): Wording => ({
    old: plain(400, 'BadRequest', `Secret not found: blind index ${name}`),
    now: plain(404, 'NotFound', `Secret with name '${name}' not found`),
  }),
  secretExists: () => both(plain(400, 'BadRequest', 'Secret already exist')),
  folderExists: () => both(plain(400, 'BadRequest', 'Folder already exist')),
  dynamicSecretUnknown: ({ name }: Facts): Wording => ({
    old: plain(400, 'BadRequest', 'Dynamic secret not found'),
    now: plain(404, 'NotFound', `Dynamic secret with name '${name}' not found`),
  }),
  leaseUnknown: ({ name }: Facts): Wording => ({
    old: plain(400, 'BadRequest', 'Dynamic secret lease not found'),
    now: plain(404, 'NotFound', `Dynamic secret lease with ID '${name}' not found`),
  }),
  leaseTooLong: () => both(plain(400, 'BadRequest', 'TTL cannot be larger than max TTL')),
  pathWithDots: () => both(plain(500, 'Find by secret path', WENT_WRONG)),
  routeUnknown: ({ method, url }: Facts): Wording =>
    both({ message: `Route ${method}:${url} not found`, error: 'Not Found', statusCode: 404 }),
  rateLimited: ({ seconds = 60 }: Facts) => ({
    old: framework(429, 'Too Many Requests', 'Rate limit exceeded, retry in 1 minute'),
    now: plain(429, 'RateLimitExceeded', `Rate limit exceeded. Please try again in ${seconds} seconds`),
  }),
  databaseDown: ({ name = 'IdAccessTokenFindOne' }: Facts) => ({
    old: plain(500, name, WENT_WRONG),
    now: plain(500, 'DatabaseError', WENT_WRONG),
  }),
  maintenance: () => ({
    old: framework(500, 'Internal Server Error', 'Infisical is in maintenance mode. Please try again later.'),
    now: framework(500, 'InternalServerError', WENT_WRONG),
  }),
  gone: ({ message = 'The requested entity is gone' }: Facts) => both(plain(410, 'GoneError', message)),
  gatewayTimeout: () => both(plain(504, 'GatewayTimeoutError', 'Timeout error')),
  cryptography: () => both(plain(400, 'CryptographyError', 'Cryptographic operation failed')),
} satisfies Record<string, (facts: Facts) => Wording>

export type ProblemName = keyof typeof WORDING

/** A refusal on its way to the edge, which knows the generation and so the words. */
export class Problem extends Error {
  readonly problem: ProblemName
  readonly facts: Facts

  constructor(problem: ProblemName, facts: Facts = {}) {
    super(problem)
    this.problem = problem
    this.facts = facts
  }
}

/** The exact body of a problem in one generation. */
export function bodyOf(name: ProblemName, facts: Facts, mode: Mode, requestId: string): Body {
  const wording: Wording = WORDING[name](facts)
  if (mode === '2024' || name === 'routeUnknown') return wording.old
  const body = mode === 'go' ? (wording.go ?? masked(wording.now)) : wording.now
  return { reqId: requestId, ...body }
}

/** The Go rewrite says nothing about its own failures. */
function masked(body: Body): Body {
  return body.statusCode >= 500 ? { ...body, message: WENT_WRONG } : body
}
