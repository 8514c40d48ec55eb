import { resolve } from 'node:path'
import { filesBelow } from '../../adapters/files/code-files.ts'
import { runPlain } from '../../adapters/holder/child.ts'
import { status } from '../../adapters/holder/client.ts'
import { loadProject } from '../../app/project/project.ts'
import { aboutSession } from '../../app/session/about.ts'
import { explain } from '../../app/session/explain.ts'
import type { Explanation } from '../../core/grant/explain.ts'
import type { StoringProvider } from '../../core/provider/registry.ts'
import { setCommand } from '../../core/provider/registry.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { formatSpan } from '../../core/text/duration.ts'
import { modeOf, readText } from '../adapters/files.ts'
import { terraformReader } from '../adapters/hcl.ts'
import { atLeast, parseVersion } from '../core/eso-versions.ts'
import { readForwarded } from '../core/forwarded.ts'
import { isSecretsFile, terraformFileKind } from '../core/terraform-files.ts'
import { isVerboseLog, TERRAFORM_NEEDED, terraformVersion } from '../core/terraform-state.ts'
import type { Castle } from './record.ts'
import { statePath } from './record.ts'
import { ROTATION_FILE, ROTATION_NAMES } from './rotation-file.ts'

/** A run that begins with less time than this could lose its credentials in the middle. */
const LEAST_MS = 15 * 60_000

interface PreflightOptions {
  env: NodeJS.ProcessEnv
  /** Go on with a verbose log or with arguments from the environment. */
  force: boolean
  /** What a person hands on to terraform. */
  args: readonly string[]
}

/**
 * What has to be right before terraform touches anything: terraform itself, an unlocked session that outlives the
 * run, every placeholder bound, a state that nobody else reads, no committed value in front of an injected one, no
 * log that would hold values. The first thing that is wrong ends it.
 */
export async function preflight(castle: Castle, options: PreflightOptions): Promise<Result<void>> {
  const checks = [environment, workspace, program, session, granted, stateMode, shadows, forwarded]
  for (const check of checks) {
    const done = await check(castle, options)
    if (!done.ok) return done
  }
  return ok()
}

async function environment(_: Castle, { env, force }: PreflightOptions): Promise<Result<void>> {
  const log = ['TF_LOG', 'TF_LOG_CORE', 'TF_LOG_PROVIDER'].find((name) => isVerboseLog(env[name]))
  const args = Object.keys(env).find((name) => name.startsWith('TF_CLI_ARGS') && env[name] !== '')
  if (force || (log === undefined && args === undefined)) return ok()
  return err({
    reason: 'castle-refused',
    why:
      log === undefined
        ? `${args} changes what terraform does, and is written into logs`
        : `${log}=${env[log]?.slice(0, 10)} writes values of variables and states into the log`,
    next: `unset ${log ?? args}   (or --force)`,
  })
}

/**
 * The state that is kept before and after is the default workspace's. In another one terraform writes
 * `terraform.tfstate.d/NAME/`, and what was said to be kept would be somebody else's.
 */
async function workspace({ folder }: Castle, { env }: PreflightOptions): Promise<Result<void>> {
  const chosen = await readText(resolve(folder, env.TF_DATA_DIR || '.terraform', 'environment'))
  if (!chosen.ok) return chosen
  const name = env.TF_WORKSPACE || chosen.value?.toString('utf8').trim() || 'default'
  if (name === 'default') return ok()
  return err({
    reason: 'castle-refused',
    why: `terraform would work in the workspace ${name}, and a castle's state is the default one's: nothing of it would be kept in the store`,
    next: env.TF_WORKSPACE ? 'unset TF_WORKSPACE' : 'terraform workspace select default',
  })
}

async function program({ folder }: Castle): Promise<Result<void>> {
  const ran = await runPlain(['terraform', 'version', '-json'], { cwd: folder })
  if (!ran.ok) return ran
  const version = terraformVersion(ran.value.stdout.toString('utf8'))
  const parsed = version === undefined ? undefined : parseVersion(version)
  const { major, minor, patch } = TERRAFORM_NEEDED
  if (parsed !== undefined && atLeast(parsed, major, minor, patch)) return ok()
  const found = version === undefined ? 'does not say its version' : `is ${version}`
  return err({
    reason: 'castle-tool',
    tool: 'terraform',
    why: `${found}; at least ${major}.${minor} is needed`,
  })
}

async function session(): Promise<Result<void>> {
  const now = await status()
  if (!now.ok) return now
  if (now.value.state !== 'unlocked') return err({ reason: 'locked' })
  const { expiresAt } = now.value
  const left = expiresAt ? Date.parse(expiresAt) - Date.now() : Number.POSITIVE_INFINITY
  if (left >= LEAST_MS) return ok()
  return err({
    reason: 'castle-refused',
    why: `the session ends in ${formatSpan(left)}: a run that loses its credentials in the middle leaves half a cluster`,
    next: 'tazpod lock && tazpod pull',
  })
}

async function granted({ folder, record }: Castle): Promise<Result<void>> {
  const grants = await explain(folder, 'terraform', [])
  if (!grants.ok) return grants
  const complete = bound(grants.value, record.provider)
  return complete.ok ? token(grants.value) : complete
}

function bound({ missing: [missing], rows }: Explanation, provider: StoringProvider): Result<void> {
  if (missing !== undefined)
    return err({
      reason: 'castle-data',
      what: missing,
      why: 'is granted to terraform, and the last pull did not find it',
      next: `${setCommand(provider, missing)} && tazpod pull`,
    })
  if (rows.some(({ delivery, where }) => delivery === 'bind' && isSecretsFile(where))) return ok()
  return err({
    reason: 'castle-refused',
    why: 'tazpod.yaml binds no secrets*.tfvars for terraform: the secrets would have to come from the disk',
    next: 'tazpod exec --explain -- terraform plan',
  })
}

/** What terraform is handed stays as it is while it runs: a token that is renewed meanwhile is another one. */
async function token({ rows }: Explanation): Promise<Result<void>> {
  if (!rows.some(({ secret }) => secret === 'identity.token')) return ok()
  const about = await aboutSession()
  if (!about.ok) return about
  const held = about.value?.token
  const left = held === undefined ? 0 : held.endsAt - Date.now()
  if (left >= LEAST_MS) return ok()
  const short = held !== undefined && held.lifetime * 1000 < LEAST_MS
  return err({
    reason: 'castle-refused',
    why: `the session token that terraform gets ends in ${formatSpan(left)}: a run that loses its credentials in the middle leaves half a cluster`,
    next: short
      ? 'give the machine identity a longer access token TTL in Infisical'
      : 'tazpod lock && tazpod pull',
  })
}

async function stateMode(castle: Castle): Promise<Result<void>> {
  const state = await statePath(castle)
  for (const path of [state, `${state}.backup`]) {
    const mode = await modeOf(path)
    if (mode === undefined || (mode & 0o077) === 0) continue
    const why = 'it is the state with every secret, and other users can read it'
    return err({ reason: 'unsafe-file', path, why, next: `chmod 600 ${path}` })
  }
  return ok()
}

async function shadows({ folder }: Castle): Promise<Result<void>> {
  const injected = await guardedNames(folder)
  if (!injected.ok) return injected
  for (const { path } of await filesBelow(folder, false)) {
    if (terraformFileKind(path) !== 'values' || path === ROTATION_FILE) continue
    const shadow = await shadowIn(folder, path, injected.value)
    if (!shadow.ok) return shadow
    if (shadow.value === undefined) continue
    return err({
      reason: 'castle-refused',
      why: `${shadow.value} which tazpod injects: which of the two wins depends on the names of the files`,
      next: 'tazpod castle lint',
    })
  }
  return ok()
}

async function forwarded({ folder }: Castle, { args }: PreflightOptions): Promise<Result<void>> {
  const injected = await guardedNames(folder)
  if (!injected.ok) return injected
  const found = readForwarded(args, injected.value)
  if (found.refused) {
    const { why, next } = found
    return err({ reason: 'castle-refused', why, ...(next !== undefined && { next }) })
  }
  for (const path of found.files) {
    const shadow = await shadowIn(folder, path, injected.value)
    if (!shadow.ok) return shadow
    if (shadow.value !== undefined)
      return err({
        reason: 'castle-refused',
        why: `${shadow.value} which tazpod injects, and -var-file wins`,
      })
  }
  return ok()
}

/** What tazpod answers for: what it binds, and what its file says about the keys. */
async function guardedNames(folder: string): Promise<Result<Set<string>>> {
  const project = await loadProject(folder)
  if (!project.ok) return project
  const binds = project.value?.config.binds ?? []
  return ok(new Set([...binds.flatMap(({ values }) => values.map(({ key }) => key)), ...ROTATION_NAMES]))
}

/** Where a file of values (relative to the castle's folder) names one that is injected, in words; undefined: nowhere. */
async function shadowIn(
  folder: string,
  path: string,
  injected: ReadonlySet<string>,
): Promise<Result<string | undefined>> {
  const bytes = await readText(resolve(folder, path))
  if (!bytes.ok) return bytes
  const read = await terraformReader()
  const { body, problems } = read(path, bytes.value?.toString('utf8') ?? '')
  const [problem] = problems
  if (problem !== undefined) return err({ reason: 'config-invalid', file: path, problems: [problem] })
  const shadow = body.attributes.find(({ name }) => injected.has(name))
  return ok(shadow && `${path}:${shadow.span.line} gives a value to ${shadow.name},`)
}
