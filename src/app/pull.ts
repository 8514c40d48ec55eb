import { put, status, type Where, where } from '../adapters/ghost.ts'
import { userPaths } from '../adapters/paths.ts'
import type { ProjectConfig, SessionConfig } from '../core/config-model.ts'
import { encodeSet, type SessionMeta } from '../core/ghost-set.ts'
import { type GrantRow, grantTable } from '../core/grants.ts'
import { compileLaunchSet } from '../core/plan.ts'
import type { ProvidedSet } from '../core/provider.ts'
import { err, ok, type Result } from '../core/result.ts'
import { secretNames } from '../core/secret-names.ts'
import { wipeDocument } from '../core/vault-edit.ts'
import { absentPlaceholders, createPlaceholders } from './placeholders.ts'
import { loadProject, type Project } from './project.ts'
import { knownProvider, vaultProvider } from './providers.ts'
import { IDENTITY_ENTRY } from './session.ts'
import { requireTrust, type TrustOptions } from './trust.ts'
import { type OpenVault, unlockVault } from './unlock.ts'
import { vaultPlace } from './vault/place.ts'

export interface PullOptions {
  env: NodeJS.ProcessEnv
  cwd: string
  passphraseFd: number | undefined
  nonInteractive: boolean
  remember: boolean
  forget: boolean
  /** The words that a person reads before they trust a project file. */
  renderTrust: TrustOptions['render']
  /** A remark for a person between two steps. */
  say: (line: string) => void
}

/** What is unlocked now. Names only. */
export interface Pulled {
  /** Folder of the project; null for the compartment `default`. */
  project: string | null
  provider: string
  /** What opened the vault. */
  from: OpenVault['from']
  secrets: number
  grants: GrantRow[]
  /** Names that tazpod.yaml uses and the provider does not have. */
  missing: string[]
  /** Placeholders that were created for binds. */
  created: string[]
  /** ISO 8601; null: never. */
  expiresAt: string | null
  /** Seconds without a command until it locks by itself; null: never. */
  idle: number | null
}

const DEFAULT_SESSION: SessionConfig = { idle: 1_800, max: 43_200, scope: 'user', lockOnExit: false }

/**
 * Unlocks: checks trust, opens the vault, compiles what each command gets and replaces the holder's set, whole or
 * not at all. Whatever fails or is cancelled before that leaves the state as it was.
 */
export async function pull(options: PullOptions): Promise<Result<Pulled>> {
  const found = where() // runs beside the parsing of tazpod.yaml
  const project = await trustedProject(options)
  if (!project.ok) return project
  const here = await found
  if (!here.ok) return here
  const config = project.value?.config
  const provider = knownProvider(config)
  if (!provider.ok) return provider
  const root = project.value?.root ?? ''
  const absent = absentPlaceholders(root, config?.binds ?? [])
  if (!absent.ok) return absent
  const { passphraseFd, nonInteractive, say } = options
  const place = vaultPlace(userPaths(options.env), config?.vault, project.value?.root)
  const unlocked = here.value.state === 'unlocked'
  const opened = await unlockVault({ place, passphraseFd, nonInteractive, say }, { ...options, unlocked })
  if (!opened.ok) return opened
  try {
    const session = await sessionLimits(config, opened.value.from)
    if (!session.ok) return session
    const provided = await vaultProvider(opened.value.doc).fetch()
    if (!provided.ok) return provided
    const made = createPlaceholders(root, absent.value)
    if (!made.ok) return made
    const done = await deliver(
      here.value,
      project.value,
      session.value,
      provided.value,
      opened.value.identity,
    )
    wipe([...provided.value.secrets.values(), ...provided.value.identity.values()])
    if (!done.ok) return done
    const { from } = opened.value
    return ok({ ...report(project.value, session.value, provided.value), from, created: absent.value })
  } finally {
    opened.value.identity.fill(0)
    wipeDocument(opened.value.doc)
  }
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

async function deliver(
  here: Where,
  project: Project | undefined,
  session: SessionConfig,
  provided: ProvidedSet,
  identity: Buffer,
): Promise<Result<void>> {
  const root = project?.root ?? ''
  const set = compileLaunchSet({ config: project?.config, ...provided, root, ghost: here.ghost })
  if (!set.ok) return set
  const entry = { kind: 'internal', name: IDENTITY_ENTRY, value: identity } as const
  const frame = encodeSet({ ...set.value, entries: [...set.value.entries, entry] }, metaOf(project, session))
  wipe(set.value.entries.map(({ value }) => value))
  return put(frame).finally(() => frame.fill(0))
}

function metaOf(project: Project | undefined, { idle, max, scope }: SessionConfig): SessionMeta {
  const root = project?.root ?? ''
  const provider = project?.config.provider ?? 'vault'
  const label = project ? labelOf(project.root) : 'default'
  return { idle, max, scope, label, root, provider, ...(project && { config: project.file.identity }) }
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
): Omit<Pulled, 'from' | 'created'> {
  const config = project?.config
  return {
    project: project?.root ?? null,
    provider: config?.provider ?? 'vault',
    secrets: provided.secrets.size,
    grants: config ? grantTable(config) : [],
    missing: config ? secretNames(config).filter((name) => !provided.secrets.has(name)) : [],
    expiresAt: max === 0 ? null : new Date(Date.now() + max * 1000).toISOString(),
    idle: idle === 0 ? null : idle,
  }
}
