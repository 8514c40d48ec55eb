import { setTimeout as sleep } from 'node:timers/promises'
import { activityLogPath, noteActivity } from '../../../adapters/files/activity-log.ts'
import { userPaths } from '../../../adapters/files/paths.ts'
import { revoke } from '../../../adapters/infisical/auth-api.ts'
import { readStdin } from '../../../adapters/terminal/standard-streams.ts'
import { parseRevocation, type Revocation } from '../../../core/provider/infisical/held.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import { clientFor } from './source.ts'

/** How many tokens ended, and of which servers one did not. */
interface Revoked {
  revoked: number
  failed: string[]
}

const MAX_ENTRY = 1_048_576

/**
 * Ends tokens, each at the server that gave it, side by side, within `patience` ms: whatever is left then ends by
 * its own time.
 */
export async function revokeTokens(
  servers: Revocation['servers'],
  env: NodeJS.ProcessEnv,
  patience: number,
): Promise<Revoked> {
  const outcome: Revoked = { revoked: 0, failed: [] }
  const all = servers.flatMap(({ host, ca, tokens }) => tokens.map((token) => ({ host, ca, token })))
  const one = async ({ host, ca, token }: (typeof all)[number]) => {
    const client = clientFor({ host, ca }, env)
    const done = await Promise.race([revoke(client, token), sleep(patience, undefined, { ref: false })])
    client.close()
    if (done?.ok) outcome.revoked++
    else outcome.failed.push(host)
  }
  await Promise.all(all.map(one))
  return outcome
}

/**
 * What the monitor was handed at lock, on standard input; the outcome goes to the activity log, where a person who was
 * not there finds it. Failure: usage.
 */
export async function revokeFromStdin(env: NodeJS.ProcessEnv, patience: number): Promise<Result<Revoked>> {
  const bytes = await readStdin('the tokens', MAX_ENTRY)
  if (!bytes.ok) return bytes
  const revocation = parseRevocation(bytes.value)
  bytes.value.fill(0)
  if (revocation === undefined) return err({ reason: 'usage', message: 'this command is for tazpod itself' })
  const done = await revokeTokens(revocation.servers, env, patience)
  const failed = done.failed.length === 0 ? '' : `; no answer from ${[...new Set(done.failed)].join(', ')}`
  await noteActivity(activityLogPath(userPaths(env)), {
    event: 'revoke',
    project: revocation.label,
    reason: `${done.revoked} session${done.revoked === 1 ? '' : 's'} ended at the server${failed}`,
  })
  return ok(done)
}
