import type { Failure } from '../failure/failure.ts'
import type { Result } from '../result.ts'
import { err, ok } from '../result.ts'
import { isSecretName } from '../text/secret-name.ts'
import { deliveryOf, extraEnvValue, variablesOf } from './delivery.ts'
import { ENV_STRING_BYTES } from './env-name.ts'
import { render } from './formats.ts'
import type { Grant } from './grants.ts'
import { grantsOf, staticEnv } from './grants.ts'
import type { LaunchEntry, LaunchOp, LaunchPlan, LaunchSet } from './launch-set.ts'
import { KEEP_UMASK, SET_LIMITS } from './launch-set.ts'
import type { BindRule, ProjectConfig, SecretRule } from './model.ts'
import { bindSource, ruleSource } from './model.ts'
import { PRIVATE_UMASK } from './presets.ts'

export type * from './launch-set.ts'

interface LaunchInput {
  /** Undefined: no project file, the compartment `default`. */
  config: ProjectConfig | undefined
  secrets: ReadonlyMap<string, Buffer>
  identity?: ReadonlyMap<string, Buffer>
  /** Seconds until `identity.token` ends; 0 or absent: it does not, or there is none. */
  tokenLeft?: number
  /** Absolute path of the project folder; empty without one. */
  root: string
  /** Absolute path of the ghost folder of this project. */
  ghost: string
}

/**
 * Compiles what the holder needs: the values that some command is granted, and one plan for each command. A granted
 * secret that does not exist becomes a `missing` operation, so that only the commands that need it are refused.
 * Secret values stay the caller's Buffers; the values of `rendered` entries are new and the caller wipes them.
 * Fails with `bad-value` (a value that can't be delivered as asked) or `too-large`.
 */
export function compileLaunchSet(input: LaunchInput): Result<LaunchSet> {
  const compiler = new Compiler(input)
  const grants = input.config === undefined ? [everything(input.secrets)] : grantsOf(input.config)
  const plans: LaunchPlan[] = []
  for (const grant of grants) {
    const plan = compiler.plan(grant)
    if (!plan.ok) return compiler.settle(plan)
    plans.push(plan.value)
  }
  const set = { entries: compiler.entries, plans }
  const excess = excessOf(set)
  return compiler.settle(excess === undefined ? ok(set) : err(excess))
}

/** Without a project every command gets every secret as a file; well-known names also get their variable. */
function everything(secrets: ReadonlyMap<string, Buffer>): Grant {
  const variables = new Set<string>()
  const rules = [...secrets.keys()].sort().map((name): SecretRule => {
    const rule: SecretRule = { name, as: 'file' }
    const wanted = variablesOf(deliveryOf(rule))
    // Two names for one tool (KUBECONFIG and KUBECONFIG_CONTENT): the first has the variable.
    if (wanted.some((variable) => variables.has(variable))) return { ...rule, file: name }
    for (const variable of wanted) variables.add(variable)
    return rule
  })
  return { command: '*', secrets: rules, binds: [] }
}

class Compiler {
  readonly entries: LaunchEntry[] = []
  readonly #input: LaunchInput
  readonly #secrets = new Map<string, number>()
  readonly #binds = new Map<string, LaunchOp[]>()

  constructor(input: LaunchInput) {
    this.#input = input
  }

  plan(grant: Grant): Result<LaunchPlan> {
    const ops: LaunchOp[] = []
    for (const rule of grant.secrets) {
      const failure = this.#deliver(rule, ops)
      if (failure !== undefined) return err(failure)
    }
    for (const rule of grant.binds) {
      const bound = this.#bind(rule)
      if (!bound.ok) return bound
      ops.push(...bound.value)
    }
    const umask = grant.umask ?? (ops.length === 0 ? KEEP_UMASK : PRIVATE_UMASK)
    for (const { name, value } of staticEnv(grant))
      ops.push({ op: 'env', ifUnset: true, withPrevious: false, name, value })
    const valid = handsOverToken(grant) ? { valid: this.#input.tokenLeft ?? 0 } : {}
    return ok({ pattern: grant.command, umask, ...valid, ops: withoutRepeats(ops) })
  }

  /** Passes `result` on; a failure takes the rendered texts with it. */
  settle<T>(result: Result<T>): Result<T> {
    if (result.ok) return result
    for (const entry of this.entries) if (entry.kind === 'rendered') entry.value.fill(0)
    return result
  }

  #deliver(rule: SecretRule, ops: LaunchOp[]): Failure | undefined {
    const { secrets, identity } = this.#input
    const value = rule.identity === undefined ? secrets.get(rule.name) : identity?.get(rule.identity)
    if (value === undefined) {
      ops.push({ op: 'missing', name: ruleSource(rule) })
      return undefined
    }
    const delivery = deliveryOf(rule)
    const why = delivery.kind === 'value' ? valueProblem(delivery.env, value) : undefined
    if (why !== undefined) return { reason: 'bad-value', name: rule.name, why }
    const entry = this.#secret(rule.name, value, ruleSource(rule))
    if (delivery.kind === 'value') {
      ops.push({ op: 'value', entry, env: delivery.env })
      return undefined
    }
    const { dir, file, mode, env, extraEnv } = delivery
    ops.push({ op: 'file', entry, dir, file, mode, env })
    for (const extra of extraEnv) {
      const text = extraEnvValue(extra, this.#input.ghost, dir, file)
      ops.push({ op: 'env', ifUnset: false, withPrevious: true, name: extra.name, value: text })
    }
    return undefined
  }

  #secret(name: string, value: Buffer, source: string): number {
    const known = this.#secrets.get(name)
    if (known !== undefined) return known
    const index = this.entries.push({ kind: 'secret', name, value, sources: [source] }) - 1
    this.#secrets.set(name, index)
    return index
  }

  /** Rendered once, however many commands get it. */
  #bind(rule: BindRule): Result<LaunchOp[]> {
    const known = this.#binds.get(rule.path)
    if (known !== undefined) return ok(known)
    const ops = this.#renderBind(rule)
    if (ops.ok) this.#binds.set(rule.path, ops.value)
    return ops
  }

  #renderBind(rule: BindRule): Result<LaunchOp[]> {
    const sources = rule.values.map(bindSource)
    const values = rule.values.map((value) => {
      return 'secret' in value
        ? this.#input.secrets.get(value.secret)
        : this.#input.identity?.get(value.identity)
    })
    const missing = sources.filter((_, index) => values[index] === undefined)
    if (missing.length > 0) return ok(missing.map((name): LaunchOp => ({ op: 'missing', name })))
    const rendered = render(
      rule.format,
      rule.values.map(({ key }, index) => [key, values[index] ?? Buffer.alloc(0)] as const),
      rule.for,
    )
    if (!rendered.ok) {
      const { error } = rendered
      return err(error.reason === 'bad-value' ? { ...error, name: `${error.name} in ${rule.path}` } : error)
    }
    const target = `${this.#input.root === '/' ? '' : this.#input.root}/${rule.path}`
    const bytes = Buffer.byteLength(target)
    const entry =
      this.entries.push({ kind: 'rendered', name: bindName(rule.path), value: rendered.value, sources }) - 1
    if (bytes > SET_LIMITS.pathBytes) {
      return err({
        reason: 'too-large',
        what: `the path of ${rule.path}`,
        size: bytes,
        limit: SET_LIMITS.pathBytes,
      })
    }
    return ok([{ op: 'bind', entry, target, mode: 0o600 }])
  }
}

/** Whether something ends by itself of what a command gets. */
function handsOverToken({ secrets, binds }: Grant): boolean {
  return (
    secrets.some(({ identity }) => identity === 'token') ||
    binds.some(({ values }) => values.some((value) => 'identity' in value && value.identity === 'token'))
  )
}

/** Names of entries are unique: a path that looks like a secret or like an internal entry is spelled with `./`. */
function bindName(path: string): string {
  return isSecretName(path) || path.startsWith('@') ? `./${path}` : path
}

/** Two binds of one command may lack the same secret. */
function withoutRepeats(ops: LaunchOp[]): LaunchOp[] {
  const missing = new Set<string>()
  return ops.filter((op) => {
    if (op.op !== 'missing') return true
    if (missing.has(op.name)) return false
    missing.add(op.name)
    return true
  })
}

function valueProblem(variable: string, value: Buffer): string | undefined {
  if (value.includes(0)) return 'it contains a NUL byte, which no variable can hold; deliver it as a file'
  const limit = ENV_STRING_BYTES - variable.length - 1
  if (value.length <= limit) return undefined
  return `it has ${value.length} bytes, and ${variable} can hold ${limit}; deliver it as a file`
}

/** Room in a frame for record headers and for the few internal entries that are added later. */
const FRAME_MARGIN = 1024 * 1024

function excessOf(set: LaunchSet): Failure | undefined {
  const operations = set.plans.reduce((total, plan) => total + plan.ops.length, 0)
  const bytes = set.entries.reduce((total, entry) => total + entry.value.length + entry.name.length + 16, 0)
  const large = set.entries.find((entry) => entry.value.length > SET_LIMITS.valueBytes)
  const over = (what: string, size: number, limit: number): Failure | undefined =>
    size > limit ? { reason: 'too-large', what, size, limit } : undefined
  return (
    (large && over(large.name, large.value.length, SET_LIMITS.valueBytes)) ??
    over('the number of secrets', set.entries.length, SET_LIMITS.entries - 16) ??
    over('the number of commands', set.plans.length, SET_LIMITS.plans) ??
    over('the number of grants', operations, SET_LIMITS.operations) ??
    over('all secrets together', bytes, SET_LIMITS.bodyBytes - FRAME_MARGIN)
  )
}
