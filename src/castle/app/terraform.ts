import { runGranted } from '../../adapters/holder/child.ts'
import { askLine, hasTerminal } from '../../adapters/terminal/terminal.ts'
import type { Errand } from '../../app/provider/infisical/once.ts'
import { pull } from '../../app/session/pull.ts'
import type { Failure } from '../../core/failure/failure.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { runHiding } from '../adapters/hiding-run.ts'
import type { Life } from '../core/record.ts'
import { inCluster, isData } from '../core/terraform-state.ts'
import { castleHere, type OpenCastle } from './access.ts'
import { openSealed, recordChange } from './guard.ts'
import { hiddenFromTerraform, hiddenWords } from './hidden.ts'
import { needsInit } from './initialised.ts'
import { preflight } from './preflight.ts'
import type { Castle } from './record.ts'
import { writeRotationFile } from './rotation-file.ts'
import { checkKey } from './secretbox/check.ts'
import { newKey } from './secretbox/new.ts'
import { backUpState, stateFacts } from './state-backup.ts'
import { keptStates } from './state-restore.ts'

export interface RunOptions extends Errand {
  /** Terraform's output is not shown: the result is JSON. */
  json: boolean
  /** Despite a verbose log. */
  force: boolean
  /** Passed on to terraform. */
  args: readonly string[]
}

export interface CastleRun {
  castle: string
  step: 'plan' | 'apply' | 'destroy' | 'recreate' | 'rotate'
  life: Life
  /** Terraform's own. */
  exitCode: number
  /** Bytes of the state in the vault, compressed. */
  backup: { before: number; after: number }
  /** Addresses that were taken out of the state, or would be. */
  removed: string[]
}

/** `terraform plan` with the castle's grants. Failures: those of the preflight. */
export async function planCastle(options: RunOptions): Promise<Result<CastleRun>> {
  const open = await ready(options)
  if (!open.ok) return open
  const { castle } = open.value
  const ran = await terraform(castle, ['plan', '-input=false', ...options.args], options)
  return ran.ok ? ok(outcome(castle, 'plan', ran.value)) : ran
}

/**
 * `terraform apply`, with the state in the vault before and after, however it ends. The castle counts as living from
 * the moment it starts. Failures: those of the preflight, castle-refused when the secretbox key is not the recorded one.
 */
export async function applyCastle(options: RunOptions): Promise<Result<CastleRun>> {
  const open = await ready(options)
  return open.ok ? apply(open.value, options, 'apply') : open
}

/** `terraform apply` of an opened castle; `step` is for the report. Failures: as of `applyCastle`. */
export async function apply(
  open: OpenCastle,
  options: RunOptions,
  step: CastleRun['step'],
): Promise<Result<CastleRun>> {
  const key = await checkKey(open, undefined)
  if (!key.ok) return key
  if (key.value.key !== 'right')
    return err({
      reason: 'castle-refused',
      why: `${key.value.secret} is ${key.value.key === 'unrecorded' ? 'not recorded' : key.value.key}: a cluster that starts with another key than the recorded one can't be read later`,
      next:
        key.value.key === 'unrecorded' || key.value.key === 'missing'
          ? 'tazpod castle secretbox new'
          : 'tazpod castle secretbox check',
    })
  const named = await writeRotationFile(open.castle)
  if (!named.ok) return named
  const begun = await begin(open, undefined, options)
  return begun.ok
    ? changed(open, begun.value, ['apply', '-input=false', ...options.args], options, step)
    : begun
}

interface Begun {
  castle: Castle
  /** Bytes of the state in the vault. */
  before: number
}

/** Keeps the state, and records what begins now, where that is no birth: one shows in the state only. */
async function begin(open: OpenCastle, life: Life | undefined, options: RunOptions): Promise<Result<Begun>> {
  const before = await backUpState(open.castle, 'before', options)
  if (!before.ok) return before
  const castle = await setLife(open, life)
  return castle.ok ? ok({ castle: castle.value, before: before.value }) : castle
}

/** Runs terraform, and keeps the state however it ends; with the first machine in it the castle lives. */
async function changed(
  open: OpenCastle,
  { castle, before }: Begun,
  args: readonly string[],
  options: RunOptions,
  step: CastleRun['step'],
): Promise<Result<CastleRun>> {
  const ran = await terraform(castle, args, options)
  const after = await backUpState(open.castle, 'after', options)
  const facts = await stateFacts(open.castle)
  const grown = facts.ok && facts.value.grown && castle.record.life !== 'destroying'
  const lineage = facts.ok ? facts.value.lineage : undefined
  const now = await setLife(open, grown ? 'live' : undefined, lineage)
  if (!ran.ok) return ran
  if (!after.ok) return after
  if (!facts.ok) return facts
  if (!now.ok) return now
  return ok({ ...outcome(now.value, step, ran.value), backup: { before, after: after.value } })
}

interface DestroyOptions extends RunOptions {
  /** The castle's name, from a script; a person is asked. */
  confirmed: string | undefined
  /** Only show what would leave the state. */
  dryRun: boolean
}

/**
 * Destroys a cluster: what lives inside of it leaves the state first, because its API dies with it; then terraform
 * destroys the rest; then the death is recorded, and only then another key is possible. Each step can be repeated.
 */
export async function destroyCastle(options: DestroyOptions): Promise<Result<CastleRun>> {
  const open = await ready(options)
  return open.ok ? destroy(open.value, options, 'destroy') : open
}

async function destroy(
  open: OpenCastle,
  options: DestroyOptions,
  step: CastleRun['step'],
): Promise<Result<CastleRun>> {
  const addresses = await stateList(open.castle)
  if (!addresses.ok) return addresses
  const leaving = inCluster(addresses.value)
  if (options.dryRun) return ok({ ...outcome(open.castle, step, 0), removed: leaving })
  if (addresses.value.every(isData)) {
    const { life } = open.castle.record
    if (life === 'destroyed') return ok(outcome(open.castle, step, 0))
    if (life === 'live') return err(await noState(open.castle, options))
  }
  const sure = await confirmed(open.castle, leaving, addresses.value.length, options)
  if (!sure.ok) return sure
  const begun = await begin(open, 'destroying', options)
  if (!begun.ok) return begun
  if (leaving.length > 0) {
    const removed = await quietly(open.castle, ['state', 'rm', '-backup=-', ...leaving])
    if (!removed.ok) return removed
  }
  const args = ['apply', '-destroy', '-auto-approve', '-input=false', ...options.args]
  const ran = await changed(open, begun.value, args, options, step)
  if (!ran.ok) return ran
  if (ran.value.exitCode !== 0) return ok({ ...ran.value, removed: leaving })
  const { backup } = ran.value
  const rest = await stateList(open.castle)
  if (!rest.ok) return rest
  const left = rest.value.filter((address) => !isData(address))
  if (left.length > 0)
    return err({
      reason: 'castle-refused',
      why: `terraform ended well, but its state still has ${left.slice(0, 5).join(', ')}: the castle is not recorded as destroyed`,
      next: 'tazpod castle destroy',
    })
  const dead = await setLife(open, 'destroyed')
  return dead.ok ? ok({ ...outcome(dead.value, step, 0), backup, removed: leaving }) : dead
}

/** An empty state is no proof of death: the machines run on, and with a recorded death their key could be replaced. */
async function noState(castle: Castle, options: RunOptions): Promise<Failure> {
  const kept = await keptStates(castle, options)
  if (!kept.ok) return kept.error
  const best = kept.value
    .filter(({ grown }) => grown)
    .toSorted((a, b) => (b.serial ?? 0) - (a.serial ?? 0))[0]
  return {
    reason: 'castle-refused',
    why: `castle ${castle.record.name} is recorded as living, but its state is empty or gone: nothing can be destroyed, and its death is not recorded`,
    next:
      best === undefined
        ? 'tazpod castle apply   (no state with a machine in it was ever kept: it builds what is missing)'
        : `tazpod castle restore ${best.which}`,
  }
}

/** Destroy, a new key, apply: goes on where the last run was stopped. */
export async function recreateCastle(options: DestroyOptions): Promise<Result<CastleRun>> {
  const open = await ready(options)
  if (!open.ok) return open
  const { life } = open.value.castle.record
  const facts = await stateFacts(open.value.castle)
  if (!facts.ok) return facts
  let removed: string[] = []
  if (options.dryRun || facts.value.grown || life === 'live' || life === 'destroying') {
    const gone = await destroy(open.value, { ...options, args: [] }, 'recreate')
    if (!gone.ok || options.dryRun || gone.value.exitCode !== 0) return gone
    removed = gone.value.removed
  }
  const again = await castleHere(options) // the record says `destroyed` now
  if (!again.ok) return again
  const key = await newKey(again.value)
  if (!key.ok) return key
  // The session still holds the dead cluster's key: what is bound into terraform has to be the new one.
  const refreshed = await refresh(options, again.value.castle.folder)
  if (!refreshed.ok) return refreshed
  const fresh = await castleHere(options)
  if (!fresh.ok) return fresh
  const args = options.args.includes('-auto-approve') ? options.args : ['-auto-approve', ...options.args]
  const born = await apply(fresh.value, { ...options, args }, 'recreate')
  return born.ok ? ok({ ...born.value, removed }) : born
}

/** Asks for nothing: the session keeps the identity of the vault. */
export async function refresh({ env, say }: RunOptions, cwd: string): Promise<Result<void>> {
  const quiet = { passphraseFd: undefined, nonInteractive: true, remember: false, forget: false }
  const done = await pull({ env, cwd, ...quiet, renderTrust: () => [], say })
  return done.ok ? ok() : done
}

async function confirmed(
  { record }: Castle,
  leaving: readonly string[],
  count: number,
  { confirmed: given, nonInteractive, say }: DestroyOptions,
): Promise<Result<void>> {
  for (const address of leaving) say(`leaves the state: ${address}`)
  say(`castle ${record.name}: ${count - leaving.length} further resources will be destroyed`)
  let name = given
  if (name === undefined) {
    if (nonInteractive || !hasTerminal())
      return err({
        reason: 'no-terminal',
        need: "the castle's name",
        next: `the same command with --confirm ${record.name}`,
      })
    const typed = await askLine(`Type the castle's name to destroy it:`)
    if (!typed.ok) return typed
    name = typed.value
  }
  if (name === record.name) return ok()
  return err({ reason: 'castle-refused', why: 'that is not the name of this castle; nothing was changed' })
}

/** The castle of this folder, after every check. */
export async function ready(options: RunOptions): Promise<Result<OpenCastle>> {
  const open = await castleHere(options)
  if (!open.ok) return open
  const { castle } = open.value
  const checked = await preflight(castle, options)
  if (!checked.ok) return checked
  const named = await writeRotationFile(castle)
  if (!named.ok) return named
  const needed = await needsInit(castle.folder, options.env)
  if (!needed.ok) return needed
  if (!needed.value) return open
  const init = await terraform(castle, ['init', '-input=false', '-backend-config=castle.tfbackend'], options)
  if (!init.ok) return init
  return init.value === 0
    ? open
    : err({
        reason: 'castle-tool',
        tool: 'terraform',
        why: `init ended with ${init.value}: it says why above. Nothing was begun`,
        next: 'the same command again, when that is mended: it goes on with the init',
      })
}

async function terraform(
  { folder }: Castle,
  args: readonly string[],
  run: RunOptions,
): Promise<Result<number>> {
  const { say, json, force } = run
  const hidden = await hiddenFromTerraform(run, folder)
  if (!hidden.ok) return hidden
  const options = { cwd: folder, quiet: json, force, hidden: hidden.value }
  const ran = await runHiding(['terraform', ...args], options)
  for (const line of hiddenWords(hidden.value)) say(line)
  hidden.value.wipe()
  return ran
}

async function stateList(castle: Castle): Promise<Result<string[]>> {
  const listed = await quietly(castle, ['state', 'list'], ['No state file was found'])
  return listed.ok ? ok(listed.value.split('\n').filter((line) => line !== '')) : listed
}

/** A terraform command whose output is read; `fine`: words of failures that mean "nothing there". */
async function quietly(
  castle: Castle,
  args: readonly string[],
  fine: readonly string[] = [],
): Promise<Result<string>> {
  const ran = await runGranted(['terraform', ...args], { cwd: castle.folder })
  if (!ran.ok) return ran
  const { exitCode, stdout, stderr } = ran.value
  const said = stderr.toString('utf8')
  if (exitCode === 0) return ok(stdout.toString('utf8'))
  if (fine.some((words) => said.includes(words))) return ok('')
  const why = `${args.slice(0, 2).join(' ')} ended with ${exitCode}: ${said.replace(/\s+/g, ' ').trim().slice(0, 300)}`
  return err({ reason: 'castle-tool', tool: 'terraform', why })
}

/** `undefined` leaves it as it is, and still refuses a record that can't be believed. */
function setLife(
  { castle, withStore }: OpenCastle,
  life: Life | undefined,
  lineage?: string,
): Promise<Result<Castle>> {
  return withStore(async (store) => {
    const guard = await openSealed(castle, store)
    if (!guard.ok) return guard
    const { record } = guard.value.castle
    const dies = life === 'destroyed' && record.life !== 'destroyed'
    const done = await recordChange(guard.value, {
      ...(life !== undefined && { life }),
      ...(dies && { deaths: record.deaths + 1 }),
      ...(lineage !== undefined && { lineage }),
    })
    guard.value.key.fill(0)
    return done
  })
}

function outcome({ record }: Castle, step: CastleRun['step'], exitCode: number): CastleRun {
  return {
    castle: record.name,
    step,
    life: record.life,
    exitCode,
    backup: { before: 0, after: 0 },
    removed: [],
  }
}
