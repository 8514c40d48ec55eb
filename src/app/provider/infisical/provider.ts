import { getMany, type Proof } from '../../../adapters/holder/values.ts'
import type { Failure } from '../../../core/failure/failure.ts'
import type { InfisicalFailure } from '../../../core/failure/infisical.ts'
import type { ProjectConfig } from '../../../core/grant/model.ts'
import type { Wanted } from '../../../core/provider/infisical/combine.ts'
import {
  encodeHeld,
  type HeldSession,
  type HeldToken,
  liveTokens,
  REVOKE_ENTRY,
  revocationOf,
  SESSION_ENTRY,
} from '../../../core/provider/infisical/held.ts'
import { onlyNamed, type ProvidedSet, type SecretProvider } from '../../../core/provider/provider.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { FetchContext } from '../fetch-context.ts'
import { type Fetched, fetchAll, wantedBy } from './fetch.ts'
import { OpenedSession } from './opened-session.ts'
import { keepSnapshot, readSnapshot, snapshotPath } from './snapshot.ts'
import { failureAt, type InfisicalSource, sourceOf } from './source.ts'
import { refreshIn } from './token.ts'

interface Opened {
  opened: (token: HeldToken) => void
}

/** Seconds after which a set that came from the copy is tried to be replaced. */
const OFFLINE_RETRY = 300

/**
 * The provider `infisical` of a project: Universal Auth, one list per folder. Failures: those of the server, named
 * with host, project, environment and path (see `words.ts`), and no-identity.
 */
export function infisicalProvider(
  config: ProjectConfig | undefined,
  options: FetchContext,
): Result<SecretProvider> {
  const { doc } = options
  if (config?.infisical === undefined) throw new Error('the config check lets no such project through')
  const source = sourceOf(doc, config.infisical, options.env)
  if (!source.ok) return source
  const copy = snapshotPath(options.paths, source.value.hash)
  const session = new OpenedSession(options.env, options.before)
  const keeps = config.infisical.offline
  return ok({
    name: 'infisical',
    async fetch() {
      try {
        const fetched = await fetchSet(source.value, config, copy, { ...options, opened: session.opened })
        if (!fetched.ok || fetched.value.copyOf !== undefined) await session.end()
        return fetched
      } finally {
        source.value.client.close()
      }
    },
    abandoned: () => session.end(),
    async settled(provided) {
      session.keep()
      if (!keeps || provided.copyOf !== undefined) return undefined
      const { secrets, names } = provided
      const snapshot = { taken: new Date().toISOString(), secrets, names }
      const kept = await keepSnapshot(copy, options.identity, doc.recipients, snapshot)
      return kept.ok
        ? undefined
        : `the copy for work without network could not be written (${kept.error.reason})`
    },
  })
}

async function fetchSet(
  source: InfisicalSource,
  config: ProjectConfig,
  copy: string,
  options: FetchContext & Opened,
): Promise<Result<ProvidedSet>> {
  if (options.offline) return fromCopy(source, copy, options, undefined)
  const wanted = wantedBy(config)
  const fetched = await fetchAll(source, wanted, options.before, options.progress, options.opened)
  if (fetched.ok) return provide(source, wanted, fetched.value, options)
  if (!source.config.offline || !options.fallback || !isOutage(fetched.error)) return fetched
  const copied = await fromCopy(source, copy, options, fetched.error)
  return copied.ok ? copied : fetched
}

/** What a copy may stand in for: a server that is not there. A refusal, or somebody in between, is none of that. */
function isOutage(failure: Failure): failure is InfisicalFailure {
  return (
    failure.reason === 'infisical' && ['unreachable', 'server', 'rate-limited'].includes(failure.problem.kind)
  )
}

async function provide(
  source: InfisicalSource,
  wanted: Wanted & { names: ReadonlySet<string> },
  { combined, session }: Fetched,
  options: FetchContext & Opened,
): Promise<Result<ProvidedSet>> {
  const { token } = session
  let secrets: ReadonlyMap<string, Buffer> | undefined = combined && onlyNamed(combined.secrets, wanted.names)
  if (secrets === undefined) {
    const held = await heldValues(session, wanted.names, options.proof)
    if (!held.ok) return held
    if (held.value === undefined) {
      // The holder has lost some of them: everything is fetched anew, without the note of what was there.
      const again = await fetchAll(
        source,
        wanted,
        { ...session, etags: [] },
        options.progress,
        options.opened,
      )
      return again.ok ? provide(source, wanted, again.value, options) : again
    }
    secrets = held.value
  }
  const left = Math.max(0, Math.floor((token.endsAt - Date.now()) / 1000))
  return ok({
    secrets,
    identity: identityParts(source, token.token),
    names: new Map(session.names),
    session: {
      entries: entriesOf(session, options.label),
      refresh: refreshIn(token),
      tokenLeft: left,
      token: { endsAt: token.endsAt, lifetime: token.times.lifetime },
    },
    notes: combined?.notes ?? [],
  })
}

/** The values of the last pull, from the holder. Undefined: it does not have them all. */
async function heldValues(
  session: HeldSession,
  names: ReadonlySet<string>,
  proof: Proof,
): Promise<Result<Map<string, Buffer> | undefined>> {
  const known = session.names.map(([name]) => name).filter((name) => names.has(name))
  const values = await getMany(known, proof)
  if (!values.ok) return values
  const held = new Map<string, Buffer>()
  for (const [index, name] of known.entries()) {
    const value = values.value[index]
    if (value !== undefined) held.set(name, value)
  }
  if (held.size === known.length) return ok(held)
  for (const value of held.values()) value.fill(0)
  return ok(undefined)
}

/** What the holder keeps for the next run of Node, and what is to be revoked at lock. */
function entriesOf(session: HeldSession, label: string): Map<string, Buffer> {
  const entries = new Map([[SESSION_ENTRY, encodeHeld(session)]])
  const revocation = revocationOf(label, liveTokens(session, Date.now()))
  if (revocation !== undefined) entries.set(REVOKE_ENTRY, revocation)
  return entries
}

function identityParts(source: InfisicalSource, token: string | undefined): Map<string, Buffer> {
  const { host, clientId, clientSecret } = source.identity
  const parts: [string, string | undefined][] = [
    ['clientId', clientId],
    ['clientSecret', clientSecret],
    ['host', host],
    ['token', token],
  ]
  return new Map(parts.flatMap(([name, text]) => (text === undefined ? [] : [[name, Buffer.from(text)]])))
}

async function fromCopy(
  source: InfisicalSource,
  path: string,
  { identity, before, label }: FetchContext,
  because: InfisicalFailure | undefined,
): Promise<Result<ProvidedSet>> {
  if (!source.config.offline) {
    const message = 'this project keeps no copy for work without network'
    return err({
      reason: 'usage',
      message,
      next: 'add  offline: true  under infisical: in tazpod.yaml, then tazpod pull',
    })
  }
  const snapshot = await readSnapshot(path, identity)
  if (!snapshot.ok) return snapshot
  if (snapshot.value === undefined) {
    return err(
      because ??
        failureAt(source, { problem: { kind: 'unreachable', why: 'there is no copy of an earlier pull' } }),
    )
  }
  const { taken, secrets, names } = snapshot.value
  const session: HeldSession = {
    source: source.hash,
    identity: source.name,
    older: before === undefined ? [] : liveTokens(before, Date.now()), // to be revoked at lock all the same
    projectId: '',
    api: 'v4',
    etags: [],
    names: [...names],
  }
  return ok({
    secrets,
    identity: identityParts(source, undefined),
    names,
    session: { entries: entriesOf(session, label), refresh: OFFLINE_RETRY, tokenLeft: 0 },
    copyOf: taken,
    notes:
      because?.problem.kind === 'unreachable'
        ? [`${source.client.host} can't be reached: ${because.problem.why}`]
        : [],
  })
}
