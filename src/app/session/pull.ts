import { userPaths } from '../../adapters/files/paths.ts'
import { put, status, type Where, where } from '../../adapters/holder/client.ts'
import { whenTerminated } from '../../adapters/terminal/termination.ts'
import { compileLaunchSet, type LaunchEntry } from '../../core/grant/compile.ts'
import { grantTable } from '../../core/grant/grants.ts'
import { secretCount } from '../../core/grant/launch-set.ts'
import { DEFAULT_SESSION, type ProjectConfig, type SessionConfig } from '../../core/grant/model.ts'
import { secretNames } from '../../core/grant/named-secrets.ts'
import { encodeSet, type SessionMeta } from '../../core/grant/set-frame.ts'
import type { ProvidedSet } from '../../core/provider/provider.ts'
import { definitionOf, type ProviderName } from '../../core/provider/registry.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { ABOUT_ENTRY } from '../../core/session/about.ts'
import { wipeDocument } from '../../core/vault/edit.ts'
import { absentPlaceholders, createPlaceholders, requireOutOfGit } from '../project/placeholders.ts'
import { loadProject, type Project } from '../project/project.ts'
import { requireTrust, type TrustOptions } from '../project/trust.ts'
import { providerOf } from '../provider/registry.ts'
import { heldSession, IDENTITY_ENTRY } from '../vault/held-identity.ts'
import { vaultPlace } from '../vault/place.ts'
import { aboutEntry, aboutProvided } from './about.ts'
import type { Caller } from './caller.ts'
import { lockOnEvents } from './lock-on.ts'
import type { Pulled } from './pulled.ts'
import { renewedSession } from './renew.ts'
import { type OpenVault, unlockVault } from './unlock.ts'

interface PullOptions extends Caller {
  remember: boolean
  forget: boolean
  /** Use the encrypted copy of the last pull, ask no server. */
  offline?: boolean
  /** Started by the monitor: nobody watches, and the set that is there is better than the copy of an older one. */
  refresh?: boolean
  /** Ask for the passphrase even while unlocked: only a passphrase pushes back the end of the session. */
  extend?: boolean
  /** The words that a person reads before they trust a project file. */
  renderTrust: TrustOptions['render']
  /** What is being waited for; shown in place. */
  progress?: (text: string) => void
}

/** Where a refresh has its connection to the holder: its standard input (native/PROTOCOL.md, NEED). */
const REFRESH_FD = 0

/**
 * Unlocks: checks trust, opens the vault, fetches, compiles what each command gets and replaces the holder's set,
 * whole or not at all. Whatever fails or is cancelled before that leaves the state as it was.
 */
export async function pull(options: PullOptions): Promise<Result<Pulled>> {
  const found = where() // runs beside the parsing of tazpod.yaml
  const project = await trustedProject(options)
  if (!project.ok) return project
  const here = await found
  if (!here.ok) return here
  const unlocked = here.value.state === 'unlocked'
  if (options.refresh && !unlocked) return err({ reason: 'locked' })
  if (unlocked && isPlain(options)) {
    const renewed = await renewedSession(project.value)
    if (renewed) return renewed
  }
  const config = project.value?.config
  const root = project.value?.root ?? ''
  const absent = absentPlaceholders(root, config?.binds ?? [])
  if (!absent.ok) return absent
  const kept = await requireOutOfGit(root, config?.binds ?? [])
  if (!kept.ok) return kept
  const { passphraseFd, nonInteractive, say } = options
  const place = vaultPlace(userPaths(options.env), config?.vault, project.value?.root)
  const opened = await unlockVault(
    { place, passphraseFd, nonInteractive, say },
    { extend: false, ...options, unlocked, over: options.refresh ? REFRESH_FD : undefined },
  )
  if (!opened.ok) return opened
  const { identity, doc, from } = opened.value
  try {
    const proof = options.refresh ? { over: REFRESH_FD } : { key: identity }
    const session = await sessionLimits(config, from)
    if (!session.ok) return session
    const provider = await providerOf(config, {
      doc,
      root,
      env: options.env,
      offline: options.offline === true,
      progress: options.progress ?? (() => undefined),
      label: labelOf(root),
      paths: userPaths(options.env),
      identity,
      proof,
      before: unlocked ? await heldSession(proof) : undefined,
      fallback: options.refresh !== true,
    })
    if (!provider.ok) return provider
    const abandon = () => provider.value.abandoned?.() ?? Promise.resolve()
    // A lock ends a refresh under way; the session that it has just opened is ended too.
    const listen = options.refresh ? whenTerminated(abandon) : () => undefined
    const fetched = await provider.value.fetch()
    if (!fetched.ok) return fetched
    const provided = fetched.value
    try {
      const made = createPlaceholders(root, absent.value)
      if (!made.ok) return await abandon().then(() => made)
      const cause = options.refresh ? 'refresh' : 'unlock'
      const limits = { ...session.value, cause, proven: from === 'passphrase' } as const
      const done = await deliver(here.value, project.value, limits, provided, opened.value)
      if (!done.ok) return await abandon().then(() => done)
      const remark = await provider.value.settled?.(provided)
      const told = report(project.value, session.value, provided)
      const unheard = await lockOnEvents(here.value, session.value.lockOn ?? [])
      const notes = [...provided.notes, ...(remark === undefined ? [] : [remark]), ...unheard]
      return ok({ ...told, secrets: done.value, from, created: absent.value, notes })
    } finally {
      listen()
      wipeProvided(provided)
    }
  } finally {
    identity.fill(0)
    wipeDocument(doc)
  }
}

/** Whether nothing but fresh secrets is wanted, which an unlocked session fetches by itself. */
function isPlain({ refresh, extend, remember, forget, offline, passphraseFd }: PullOptions): boolean {
  return !refresh && !extend && !remember && !forget && !offline && passphraseFd === undefined
}

function wipeProvided({ secrets, identity, session }: ProvidedSet): void {
  wipe([...secrets.values(), ...identity.values(), ...(session?.entries.values() ?? [])])
}

async function trustedProject(options: PullOptions): Promise<Result<Project | undefined>> {
  const project = await loadProject(options.cwd)
  if (!project.ok || project.value === undefined) return project
  const { nonInteractive, renderTrust: render } = options
  const trust = await requireTrust(options.env, project.value, { yes: false, nonInteractive, render })
  return trust.ok ? project : trust
}

/** A refresh that asked for no passphrase does not push back the end that the passphrase was given for. */
async function sessionLimits(
  config: ProjectConfig | undefined,
  from: OpenVault['from'],
): Promise<Result<SessionConfig>> {
  const session = config?.session ?? DEFAULT_SESSION
  if (from !== 'session') return ok(session)
  const running = await status()
  if (!running.ok) return running
  if (running.value.state !== 'unlocked') return err({ reason: 'locked' })
  if (!running.value.expiresAt) return ok(session)
  const left = Math.max(1, Math.floor((Date.parse(running.value.expiresAt) - Date.now()) / 1000))
  return ok({ ...session, max: session.max === 0 ? left : Math.min(session.max, left) })
}

type Limits = SessionConfig & { cause: 'unlock' | 'refresh'; proven: boolean }

/** Hands the set to the holder. Returns how many secrets it holds: those that some command is granted. */
async function deliver(
  here: Where,
  project: Project | undefined,
  session: Limits,
  provided: ProvidedSet,
  opened: OpenVault,
): Promise<Result<number>> {
  const root = project?.root ?? ''
  const tokenLeft = provided.session?.tokenLeft ?? 0
  const set = compileLaunchSet({ config: project?.config, ...provided, tokenLeft, root, ghost: here.ghost })
  if (!set.ok) return set
  const granted = set.value.entries
  const entries = [
    ...granted,
    ...internalEntries(granted, provided, project?.config.provider ?? 'vault', opened),
  ]
  const refresh = refreshOf(provided, session)
  const frame = encodeSet({ ...set.value, entries }, { ...metaOf(project, session), refresh })
  wipe(set.value.entries.flatMap(({ kind, value }) => (kind === 'rendered' ? [value] : [])))
  const held = await put(frame).finally(() => frame.fill(0))
  return held.ok ? ok(secretCount(set.value)) : held
}

/**
 * Never granted: the vault's key, the provider's session, what may be known of the secrets without a proof and, where they
 * can't be looked up in the vault, the values that only a rendered bind holds.
 */
function internalEntries(
  granted: readonly LaunchEntry[],
  provided: ProvidedSet,
  provider: ProviderName,
  { identity, doc }: OpenVault,
): LaunchEntry[] {
  const fromVault = definitionOf(provider).shows === 'vault'
  const entries: (readonly [string, Buffer])[] = [
    [IDENTITY_ENTRY, identity],
    ...(provided.session?.entries ?? []),
  ]
  const about = aboutEntry(aboutProvided(provided, doc, fromVault, identity))
  if (about !== undefined) entries.push([ABOUT_ENTRY, about])
  if (!fromVault) {
    const taken = new Set(granted.map(({ name }) => name))
    // A refresh that the server answers with "not changed" finds its values here.
    entries.push(...[...provided.secrets].filter(([name]) => !taken.has(name)))
  }
  return entries.map(([name, value]) => ({ kind: 'internal', name, value }))
}

/** Seconds until the monitor fetches anew; 0: the session ends before. */
function refreshOf({ session }: ProvidedSet, { max }: SessionConfig): number {
  const refresh = session?.refresh ?? 0
  return max !== 0 && refresh >= max ? 0 : refresh
}

function metaOf(
  project: Project | undefined,
  { idle, max, scope, lockOnExit, proof, cause, proven }: Limits,
): SessionMeta {
  const root = project?.root ?? ''
  const provider = project?.config.provider ?? 'vault'
  const label = project ? labelOf(project.root) : 'default'
  const session = { idle, max, scope, lockOnExit, proof, cause, proven }
  const file = project && { config: project.file.identity, digest: project.file.sha256 }
  return { ...session, label, root, provider, ...file }
}

/** The name of the project for people: its folder, within the 255 bytes of the protocol. */
function labelOf(root: string): string {
  return [...root.slice(root.lastIndexOf('/') + 1)].slice(0, 60).join('') || '/'
}

function wipe(values: readonly Buffer[]): void {
  for (const value of values) value.fill(0)
}

function report(
  project: Project | undefined,
  { idle, max }: SessionConfig,
  provided: ProvidedSet,
): Omit<Pulled, 'secrets' | 'from' | 'created' | 'notes'> {
  const config = project?.config
  const named = config ? secretNames(config) : []
  const isEmpty = config !== undefined && config.secrets.length + config.binds.length === 0
  return {
    project: project?.root ?? null,
    provider: config?.provider ?? 'vault',
    grants: config ? grantTable(config) : [],
    missing: named.filter((name) => !provided.names.has(name)),
    choice: isEmpty ? [...provided.names.keys()].sort() : null,
    expiresAt: max === 0 ? null : new Date(Date.now() + max * 1000).toISOString(),
    idle: idle === 0 ? null : idle,
    copyOf: provided.copyOf ?? null,
  }
}
