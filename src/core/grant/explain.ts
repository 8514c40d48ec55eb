import { formatDuration } from '../text/duration.ts'
import { octal } from './grants.ts'
import type { LaunchEntry, LaunchOp, LaunchPlan, LaunchSet } from './launch-set.ts'
import { KEEP_UMASK } from './launch-set.ts'

/** What the words depend on besides the set. */
export interface ExplainContext {
  /** Absolute path of the ghost folder. */
  ghost: string
  /** Provider that the secrets came from. */
  source: string
  /** `root`: tazpod runs as root, without a user namespace. */
  mode: 'rootless' | 'sealed' | 'root'
  /** Seconds until the session ends at the latest; 0 = never. */
  max: number
  /** `--only`: names of secrets, or targets of binds (whole or their last component). */
  only?: readonly string[]
}

/** One secret on its way into a command. Holds names and paths, never a value. */
export interface ExplainRow {
  secret: string
  source: string
  delivery: 'file' | 'value' | 'bind'
  /** Path of the file, or the variable that carries the value. */
  where: string
  /** Variables that carry the path. */
  variables: string[]
  lifetime: string
  readableBy: string
}

export interface Explanation {
  command: string
  /** The plan that applies: the command's own, `*`, or null when the command is granted nothing. */
  plan: string | null
  rows: ExplainRow[]
  /** Variables that hold no secret. */
  env: { name: string; value: string; onlyIfUnset: boolean }[]
  /** Octal digits; null: the caller's stays. */
  umask: string | null
  /** Secrets that the command needs and that do not exist: while there is one, nothing is started. */
  missing: string[]
  notes: string[]
}

/** Says what `command` (a basename) would get from `set`, for `exec --explain`. */
export function explainCommand(set: LaunchSet, command: string, context: ExplainContext): Explanation {
  const plan = planFor(set, command)
  const ops = narrowed(set, plan?.ops ?? [], context.only)
  return {
    command,
    plan: plan?.pattern ?? null,
    rows: ops.flatMap((op) => rowsOf(set, op, ops, context)),
    env: ops.flatMap((op) => {
      return op.op === 'env' ? [{ name: op.name, value: op.value, onlyIfUnset: op.ifUnset }] : []
    }),
    umask: plan === undefined || plan.umask === KEEP_UMASK ? null : octal(plan.umask),
    missing: ops.flatMap((op) => (op.op === 'missing' ? [op.name] : [])),
    notes: notesOf(set, command, plan, ops, context),
  }
}

/** The plan of a command: its own, else the one for every other command. */
export function planFor(set: LaunchSet, command: string): LaunchPlan | undefined {
  return (
    set.plans.find(({ pattern }) => pattern === command) ?? set.plans.find(({ pattern }) => pattern === '*')
  )
}

/** The same rule as in the holder: a variable stays unless it goes with an operation that is left out. */
function narrowed(set: LaunchSet, ops: LaunchOp[], only: readonly string[] | undefined): LaunchOp[] {
  if (only === undefined || only.length === 0) return ops
  let wanted = true
  return ops.filter((op) => {
    if (op.op === 'env') return wanted || !op.withPrevious
    wanted = isNamed(set, op, only)
    return wanted
  })
}

/** The names of `only` that `command` is not granted: with one of them nothing is started. */
export function notGranted(set: LaunchSet, command: string, only: readonly string[]): string[] {
  const ops = planFor(set, command)?.ops ?? []
  return only.filter((name) => !ops.some((op) => op.op !== 'env' && isNamed(set, op, [name])))
}

function isNamed(set: LaunchSet, op: Exclude<LaunchOp, { op: 'env' }>, only: readonly string[]): boolean {
  const own = op.op === 'missing' ? op.name : set.entries[op.entry]?.name
  const target = op.op === 'bind' ? op.target : undefined
  return only.some((name) => name === own || name === target || name === target?.split('/').at(-1))
}

function rowsOf(set: LaunchSet, op: LaunchOp, ops: LaunchOp[], context: ExplainContext): ExplainRow[] {
  if (!('entry' in op)) return []
  const entry = set.entries[op.entry]
  if (entry === undefined) return []
  return sourcesOf(entry).map((secret) => ({
    secret,
    source: secret.startsWith('identity.') ? 'identity in the vault' : context.source,
    delivery: op.op,
    where: whereOf(op, context.ghost),
    variables: op.op === 'file' ? pathVariables(op, ops, context.ghost) : [],
    lifetime: lifetimeOf(context.max),
    readableBy: readersOf(op, context.mode),
  }))
}

function sourcesOf(entry: LaunchEntry): string[] {
  return entry.sources ?? [entry.name]
}

function whereOf(op: Extract<LaunchOp, { entry: number }>, ghost: string): string {
  if (op.op === 'file') return `${ghost}/${op.dir}/${op.file}`
  return op.op === 'bind' ? op.target : op.env
}

/** The file's own variable, and the further ones (`DOCKER_CONFIG`, `GIT_SSH_COMMAND`) that name its folder or it. */
function pathVariables(file: Extract<LaunchOp, { op: 'file' }>, ops: LaunchOp[], ghost: string): string[] {
  const folder = `${ghost}/${file.dir}`
  const named = ops.flatMap((op) => {
    return op.op === 'env' && (op.value === folder || op.value.includes(`/${file.dir}/${file.file}'`))
      ? [op.name]
      : []
  })
  return file.env === '' ? named : [file.env, ...named]
}

function lifetimeOf(max: number): string {
  const held = max === 0 ? 'until tazpod lock' : `until tazpod lock, at most ${formatDuration(max)}`
  return `in the command until it ends; in memory ${held}`
}

function readersOf(op: LaunchOp, mode: ExplainContext['mode']): string {
  const inside =
    op.op === 'value' ? 'the command and every program it starts' : 'the command and its children'
  if (mode === 'rootless') return `${inside}; this user's other processes through /proc; root`
  return `${inside}; root`
}

function notesOf(
  set: LaunchSet,
  command: string,
  plan: LaunchPlan | undefined,
  ops: LaunchOp[],
  context: ExplainContext,
): string[] {
  const notes: string[] = []
  if (plan === undefined)
    notes.push(`${command} is not listed under commands: and there is no "*": it gets nothing`)
  for (const op of ops) {
    if (op.op === 'value') notes.push(`${op.env} carries a value: everything ${command} starts inherits it`)
    if (op.op !== 'file' || !pathVariables(op, ops, context.ghost).includes('GIT_SSH_COMMAND')) continue
    const entry = set.entries[op.entry]
    // The bytes are delivered as they are, so this is said instead of repaired.
    if (entry !== undefined && entry.value.at(-1) !== 0x0a) {
      notes.push(
        `${entry.name} does not end with a newline: OpenSSH refuses such a key; store it again with one`,
      )
    }
  }
  if (context.mode === 'rootless' && ops.some((op) => 'entry' in op)) {
    notes.push("rootless mode: this user's other programs are not kept out while the command runs")
  }
  return notes
}
