/** What can go wrong with an Infisical server, for both of its generations. No field ever carries a credential. */
export type InfisicalProblem =
  /** The network: `why` completes "the server can't be reached: …". */
  | { kind: 'unreachable'; why: string }
  | { kind: 'certificate'; why: string; clock: boolean }
  | { kind: 'redirected'; to: string }
  /** Something answers that is no Infisical: a proxy's page, a wrong host. */
  | { kind: 'not-infisical'; why: string }
  | { kind: 'rate-limited'; seconds: number }
  | { kind: 'server'; status: number; message: string }
  /** Login. */
  | { kind: 'bad-credentials' }
  | { kind: 'locked-out' }
  | { kind: 'secret-expired' }
  | { kind: 'secret-used-up' }
  | { kind: 'address-refused' }
  /** The token: one fresh login is tried, then this is said. */
  | { kind: 'token'; why: 'expired' | 'revoked' | 'used-up' | 'foreign' }
  | { kind: 'not-allowed'; action: string }
  /** A reference in a value leads to one that the identity may not read; the server then refuses the whole list. */
  | { kind: 'reference'; what: string }
  | { kind: 'not-member' }
  | { kind: 'no-project' }
  | { kind: 'no-environment' }
  | { kind: 'no-folder' }
  | { kind: 'no-secret'; name: string }
  | { kind: 'invalid'; why: string }
  /** A route that this server does not have: decides between the generations of the API, never shown. */
  | { kind: 'no-route' }
  | { kind: 'exists' }
  | { kind: 'approval'; name: string }
  | { kind: 'too-large' }
  /** Secrets that can't be handed on. */
  | { kind: 'hidden'; name: string }
  | { kind: 'bad-value'; name: string; why: string }
  | { kind: 'twice'; name: string; paths: [string, string] }
  | { kind: 'changed-on-write'; name: string; why: string }
  | { kind: 'no-identity'; name: string; known: string[] }

/** What was asked for when it went wrong. */
export interface InfisicalPlace {
  /** Origin; empty where no server was asked. */
  host: string
  project?: string
  environment?: string
  path?: string
  requestId?: string
}

export type InfisicalFailure = { reason: 'infisical'; problem: InfisicalProblem; at: InfisicalPlace }
