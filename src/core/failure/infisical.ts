import { formatDuration } from '../text/duration.ts'
import { clockTime, utcTime } from '../text/time.ts'
import { EXIT, type FailureText, type Words } from './exit.ts'

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

/** The words for everything that can go wrong with Infisical. Never a credential, never a query string. */
export const infisicalWords: Words<InfisicalFailure> = { infisical: infisicalFailureText }

function infisicalFailureText({ problem, at }: InfisicalFailure): FailureText {
  const { message, next, exitCode } = words(problem, at)
  const trace = at.requestId === undefined ? '' : ` [${at.requestId}]`
  return { message: `${message}${trace}`, exitCode, ...(next !== undefined && { next }) }
}

function words(problem: InfisicalProblem, at: InfisicalPlace): FailureText {
  const { host } = at
  const where = placeText(at)
  switch (problem.kind) {
    case 'unreachable':
      return say(
        EXIT.unavailable,
        `${host} can't be reached: ${problem.why}`,
        'tazpod pull --offline   (if the project keeps a copy)',
      )
    case 'certificate':
      return say(
        EXIT.unavailable,
        `the certificate of ${host} is refused: ${problem.why}${problem.clock ? `; this machine's clock says ${utcTime(Date.now())}` : ''}`,
        problem.clock
          ? 'date   (is the clock right?)'
          : 'tazpod login --ca FILE   (the PEM of your own authority)',
      )
    case 'redirected':
      return say(
        EXIT.unavailable,
        `${host} sends requests on to ${problem.to}; credentials are not sent after it`,
        `tazpod login --host ${problem.to}   (only if that is your server)`,
      )
    case 'not-infisical':
      return say(
        EXIT.unavailable,
        `${host} is no Infisical, or a proxy answers for it: ${problem.why}`,
        'tazpod login --show',
      )
    case 'rate-limited':
      return say(
        EXIT.unavailable,
        `${host} asks for patience: too many requests, again in ${formatDuration(problem.seconds)}`,
      )
    case 'server':
      return say(
        EXIT.unavailable,
        `${host} failed (status ${problem.status}${problem.message === '' ? '' : `: ${problem.message}`})${where}`,
      )
    case 'bad-credentials':
      return say(
        EXIT.refused,
        `${host} refused the client id or the client secret (wrong region? tried once, because each further try counts towards a lock-out)`,
        'tazpod login',
      )
    case 'locked-out':
      return say(
        EXIT.refused,
        `${host} has locked this identity out after too many wrong logins, by default for 5 minutes: until about ${clockTime(Date.now() + 300_000)}`,
        'tazpod pull   (after that)',
      )
    case 'secret-expired':
      return say(
        EXIT.refused,
        `${host}: the client secret has expired`,
        'tazpod login   (with a new client secret)',
      )
    case 'secret-used-up':
      return say(
        EXIT.refused,
        `${host}: the client secret has been used as often as it may be`,
        'tazpod login   (with a new client secret)',
      )
    case 'address-refused':
      return say(
        EXIT.refused,
        `${host} does not take this identity from this network address (its trusted IPs)`,
      )
    case 'token':
      return say(
        EXIT.refused,
        tokenText(problem.why, host),
        problem.why === 'foreign' ? 'tazpod login --show' : 'tazpod pull',
      )
    case 'not-allowed':
      return say(
        EXIT.refused,
        `${host}: the identity may not ${problem.action} secrets${where}`,
        'give the identity a role with that right in the project',
      )
    case 'reference':
      return say(
        EXIT.refused,
        `${host}: a reference can't be followed${where}: ${problem.what}`,
        'give the identity the right to read what is referenced',
      )
    case 'not-member':
      return say(
        EXIT.refused,
        `${host}: the identity is not in the project${where}`,
        'add it in Infisical: Project → Access Control → Machine Identities',
      )
    case 'no-project':
      return say(
        EXIT.data,
        `${host} knows no such project${where}`,
        'look at infisical.project in tazpod.yaml (the slug or the id)',
      )
    case 'no-environment':
      return say(
        EXIT.data,
        `${host} knows no such environment${where}`,
        'look at infisical.environment in tazpod.yaml',
      )
    case 'no-folder':
      return say(
        EXIT.data,
        `${host} knows no such folder or environment${where}`,
        'look at infisical.paths in tazpod.yaml',
      )
    case 'no-secret':
      return say(EXIT.data, `${host} has no secret ${problem.name}${where}`)
    case 'invalid':
      return say(EXIT.data, `${host} finds the request wrong (${problem.why})${where}`)
    case 'no-route':
      return say(EXIT.unavailable, `${host} has none of the ways to list secrets that this tazpod knows`)
    case 'exists':
      return say(EXIT.data, `it exists already${where}`)
    case 'approval':
      return say(
        EXIT.refused,
        `${problem.name} was not written${where}: a policy of the project wants an approval first`,
        'approve the request in Infisical, then tazpod pull',
      )
    case 'too-large':
      return say(EXIT.data, `${host} takes no more than 1 MiB at once${where}`)
    case 'hidden':
      return say(
        EXIT.refused,
        `${host} hides the value of ${problem.name} from this identity${where}`,
        'give the identity the right to read values',
      )
    case 'bad-value':
      return say(EXIT.data, `${problem.name} can't be handed on: ${problem.why}${where}`)
    case 'twice':
      return say(
        EXIT.data,
        `${problem.name} is in ${problem.paths[0]} and in ${problem.paths[1]}, and tazpod.yaml does not say which is meant`,
        `add  path: ${problem.paths[0]}  to its line under secrets:, or  prefix:  to one of the paths`,
      )
    case 'changed-on-write':
      return say(
        EXIT.data,
        `${problem.name} was written, but ${host} keeps it differently: ${problem.why}${where}`,
        `tazpod secrets push ${problem.name} --base64`,
      )
    case 'no-identity':
      return noIdentity(problem)
    default:
      return unreachable(problem)
  }
}

function noIdentity({ name, known }: Extract<InfisicalProblem, { kind: 'no-identity' }>): FailureText {
  const flag = name === 'default' ? '' : ` ${name}`
  const others = known.length === 0 ? 'none is' : `${known.join(', ')} ${known.length === 1 ? 'is' : 'are'}`
  return say(
    EXIT.locked,
    `no identity ${name} for Infisical is in the vault (${others})`,
    `tazpod login${flag}`,
  )
}

function tokenText(why: 'expired' | 'revoked' | 'used-up' | 'foreign', host: string): string {
  if (why === 'foreign') return `${host} does not know the signature of its own token: wrong region or host?`
  if (why === 'used-up') return `${host}: the token has been used as often as it may be`
  return `${host} refuses the token: it ${why === 'expired' ? 'has expired' : 'was revoked'}, and a new login did not help`
}

/** " (project lab, environment prod, path /terraform)" */
function placeText({ project, environment, path }: InfisicalPlace): string {
  const parts = [
    project === undefined ? undefined : `project ${project}`,
    environment === undefined ? undefined : `environment ${environment}`,
    path === undefined ? undefined : `path ${path}`,
  ].filter((part) => part !== undefined)
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

function say(exitCode: number, message: string, next?: string): FailureText {
  return next === undefined ? { message, exitCode } : { message, next, exitCode }
}

function unreachable(problem: never): never {
  throw new Error(`problem without a text: ${JSON.stringify(problem)}`)
}
