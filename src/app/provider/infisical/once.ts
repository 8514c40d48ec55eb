import { revoke } from '../../../adapters/infisical/auth-api.ts'
import type { HeldSession, HeldToken } from '../../../core/provider/infisical/held.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { VaultDocument } from '../../../core/vault/document.ts'
import { wipeDocument } from '../../../core/vault/edit.ts'
import { type Project, requireProject } from '../../project/project.ts'
import { requireTrust, type TrustOptions } from '../../project/trust.ts'
import type { Caller } from '../../session/caller.ts'
import type { VaultAccess } from '../../vault/access.ts'
import { heldSession } from '../../vault/held-identity.ts'
import { withIdentity } from '../../vault/identity.ts'
import { openVault } from '../../vault/open.ts'
import type { Progress } from './fetch.ts'
import { failureAt, type InfisicalSource, sourceOf } from './source.ts'
import { freshToken } from './token.ts'

/** One command's business with the server of this project. */
export interface Errand extends Caller {
  renderTrust: TrustOptions['render']
  progress: Progress
  /** Takes the progress away, before anything is printed. */
  done: () => void
}

/** What an errand works with. */
export interface Connected {
  source: InfisicalSource
  token: HeldToken
  /** The session of the last pull of the same source. */
  before: HeldSession | undefined
  project: Project
  doc: VaultDocument
  identity: Buffer
}

/**
 * Runs `work` with a token for the project's Infisical: the one that the unlocked session holds, else one of a login
 * of its own, which is revoked afterwards. The project file must be trusted: it says where values go.
 */
export async function atInfisical<T>(
  access: VaultAccess,
  errand: Errand,
  work: (connected: Connected) => Promise<Result<T>>,
): Promise<Result<T>> {
  const project = await requireProject(errand.cwd)
  if (!project.ok) return project
  const config = project.value.config.infisical
  if (config === undefined) {
    const message = 'tazpod.yaml names no project of Infisical'
    return err({ reason: 'usage', message, next: 'add  infisical: { project: …, environment: … }' })
  }
  const { nonInteractive } = access
  const trust = await requireTrust(errand.env, project.value, {
    yes: false,
    nonInteractive,
    render: errand.renderTrust,
  })
  if (!trust.ok) return trust
  return withIdentity(access, async (identity) => {
    const doc = await openVault(access.place, identity)
    if (!doc.ok) return doc
    const source = sourceOf(doc.value, config, errand.env)
    if (!source.ok) return source
    const { client } = source.value
    const held = await heldSession({ key: identity })
    const before = held?.source === source.value.hash ? held : undefined
    try {
      errand.progress(`asking ${client.host}`)
      const token = await errandToken(source.value, before)
      if (!token.ok) return err(failureAt(source.value, token.error))
      const connected = { source: source.value, before, project: project.value, doc: doc.value, identity }
      const done = await work({ ...connected, token: token.value })
      if (token.value.token !== before?.token?.token) await revoke(client, token.value.token)
      return done
    } finally {
      errand.done()
      client.close()
      wipeDocument(doc.value)
    }
  })
}

/** Time that an errand may need, in ms. */
const ERRAND_MS = 60_000

/**
 * Never a renewal: the current server gives renewed tokens one id, and the end of this errand would end the session
 * of the holder with it.
 */
function errandToken({ client, identity }: InfisicalSource, before: HeldSession | undefined) {
  const held = before?.token
  if (held !== undefined && held.endsAt - Date.now() > ERRAND_MS) return Promise.resolve(ok(held))
  return freshToken(client, identity)
}
