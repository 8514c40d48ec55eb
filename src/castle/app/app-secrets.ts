import { login, revoke } from '../../adapters/infisical/auth-api.ts'
import type { HttpClient } from '../../adapters/infisical/http.ts'
import { listSecrets } from '../../adapters/infisical/secrets-api.ts'
import { clientFor } from '../../app/provider/infisical/source.ts'
import type { InfisicalProblem } from '../../core/failure/infisical.ts'
import { readListing } from '../../core/provider/infisical/listing.ts'
import { setCommand } from '../../core/provider/registry.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { Topology } from '../core/topology.ts'
import type { OpenCastle } from './access.ts'

interface AppSecrets {
  names: string[]
  /** Where they are, for people. */
  label: string
}

/**
 * The names in the folder that External Secrets reads. A castle at Infisical asks with the project's own login; one on
 * the vault asks with the machine identity that the cluster has: it sees what External Secrets will see.
 * Failures: castle-data (no identity in the vault), infisical, and those of the store.
 */
export function appSecretNames(
  { castle, withStore }: OpenCastle,
  topology: Topology,
  path: string,
  env: NodeJS.ProcessEnv,
): Promise<Result<AppSecrets>> {
  const { provider, secrets } = castle.record
  return withStore(async (store) => {
    if (provider === 'infisical') {
      const names = await store.names(path)
      return names.ok ? ok({ names: names.value, label: store.label }) : names
    }
    const found: Buffer[] = []
    for (const name of [secrets.clientId, secrets.clientSecret]) {
      const value = await store.read(name)
      if (!value.ok) return value
      if (value.value === undefined)
        return err({
          reason: 'castle-data',
          what: name,
          why: `is not in ${store.label}: External Secrets would have nothing to log in with`,
          next: setCommand(provider, name),
        })
      found.push(value.value)
    }
    const [clientId = '', clientSecret = ''] = found.map((value) => value.toString('utf8').trim())
    for (const value of found) value.fill(0)
    const client = clientFor({ host: topology.infisical_host }, env)
    return asTheCluster(client, { clientId, clientSecret }, topology, path)
  })
}

async function asTheCluster(
  client: HttpClient,
  credentials: { clientId: string; clientSecret: string },
  topology: Topology,
  path: string,
): Promise<Result<AppSecrets>> {
  const { infisical_project_id: projectId, infisical_environment: environment } = topology
  const at = { host: client.host, project: topology.infisical_project_slug, environment, path }
  const refused = (problem: InfisicalProblem) => err({ reason: 'infisical', problem, at } as const)
  const session = await login(client, credentials)
  if (!session.ok) return refused(session.error.problem)
  const token = session.value.accessToken
  try {
    const place = { projectId, environment, path }
    let answer = await listSecrets(client, token, 'v4', place, { recursive: false })
    if (!answer.ok && answer.error.problem.kind === 'no-route')
      answer = await listSecrets(client, token, 'v3', place, { recursive: false })
    if (!answer.ok) return refused(answer.error.problem)
    const listed = readListing(answer.value.json, path)
    if (!listed.ok) return refused({ kind: 'not-infisical', why: listed.error })
    const names = listed.value.secrets.map(({ name }) => name).sort()
    return ok({ names, label: `${client.host} (project ${at.project}, environment ${environment})` })
  } finally {
    await revoke(client, token)
  }
}
