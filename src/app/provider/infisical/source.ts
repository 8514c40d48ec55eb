import { createHash } from 'node:crypto'
import { productVersion } from '../../../adapters/holder/install.ts'
import { HttpClient } from '../../../adapters/infisical/http.ts'
import type { Failure } from '../../../core/failure/failure.ts'
import type { InfisicalPlace, InfisicalProblem } from '../../../core/failure/infisical.ts'
import type { InfisicalConfig } from '../../../core/provider/infisical/config.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { StoredIdentity, VaultDocument } from '../../../core/vault/document.ts'

/** Name of the identity that a project uses when it names none. */
const DEFAULT_IDENTITY = 'default'

/** Where a project's secrets come from: who logs in (from the vault), and what is asked for (from tazpod.yaml). */
export interface InfisicalSource {
  name: string
  identity: StoredIdentity
  config: InfisicalConfig
  client: HttpClient
  /** Changes with everything that decides what is fetched; says nothing about the secret itself. */
  hash: string
}

/** The source of a project. The host comes from the vault alone. Failure: infisical (no-identity). */
export function sourceOf(
  doc: VaultDocument,
  config: InfisicalConfig,
  env: NodeJS.ProcessEnv,
): Result<InfisicalSource> {
  const name = config.identity ?? DEFAULT_IDENTITY
  const identity = identityOf(doc, name)
  if (!identity.ok) return identity
  const { host, clientId, clientSecret, organization, ca } = identity.value
  const { project, environment, paths } = config
  const parts = [host, clientId, clientSecret, organization ?? '', ca ?? '', project, environment, paths]
  return ok({
    name,
    identity: identity.value,
    config,
    client: clientFor(identity.value, env),
    hash: createHash('sha256').update(JSON.stringify(parts)).digest('hex'),
  })
}

/** One identity of the vault. Failure: infisical (no-identity). */
export function identityOf(doc: VaultDocument, name: string): Result<StoredIdentity> {
  const identity = doc.identities.get(name)
  if (identity !== undefined) return ok(identity)
  const problem: InfisicalProblem = { kind: 'no-identity', name, known: [...doc.identities.keys()].sort() }
  return err({ reason: 'infisical', problem, at: { host: '' } })
}

export function clientFor(
  { host, ca }: Pick<StoredIdentity, 'host' | 'ca'>,
  env: NodeJS.ProcessEnv,
): HttpClient {
  return new HttpClient({ origin: host, ca, env }, `tazpod/${productVersion()}`)
}

/** A refusal as a failure that names where it happened. */
export function failureAt(
  { client, config }: Pick<InfisicalSource, 'client' | 'config'>,
  refused: { problem: InfisicalProblem; requestId?: string },
  path?: string,
): Failure {
  const { problem, requestId } = refused
  const login = [
    'bad-credentials',
    'locked-out',
    'secret-expired',
    'secret-used-up',
    'unreachable',
    'certificate',
  ]
  const place = login.includes(problem.kind)
    ? {}
    : { project: config.project, environment: config.environment }
  const at: InfisicalPlace = {
    host: client.host,
    ...place,
    ...(path !== undefined && { path }),
    ...(requestId !== undefined && { requestId }),
  }
  return { reason: 'infisical', problem, at }
}
