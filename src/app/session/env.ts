import { basename } from 'node:path'
import { planFor } from '../../core/grant/explain.ts'
import type { LaunchOp } from '../../core/grant/launch-set.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { vaultAccess } from '../vault/access.ts'
import { heldValues } from '../vault/held-values.ts'
import type { Caller } from './caller.ts'
import { type LaunchPreview, previewLaunch } from './launch-preview.ts'

/** The environment of a command, as far as tazpod sets it. */
export interface CommandEnv {
  command: string
  ghost: string
  /** Variables that hold paths and settings. */
  variables: { name: string; value: string; onlyIfUnset: boolean }[]
  /** Variables that hold a secret; `value` only when it was asked for. */
  values: { name: string; value?: string }[]
  missing: string[]
  locked: boolean
}

interface EnvOptions {
  /** Name or path; `*` stands for every command that is not listed. */
  command: string
  /** Deliver secret values as well. */
  values: boolean
  /** Whether the output is a terminal, where no value may show. */
  toTerminal: boolean
}

/** What a command would find in its environment. Failures: would-show, locked, and those of passphrases and `previewLaunch`. */
export async function commandEnv(caller: Caller, options: EnvOptions): Promise<Result<CommandEnv>> {
  const preview = await previewLaunch(caller.cwd)
  if (!preview.ok) return preview
  const ops = planFor(preview.value.set, basename(options.command))?.ops ?? []
  const named = ops.flatMap((op) => (op.op === 'value' ? [nameOf(preview.value, op.entry)] : []))
  if (!options.values || named.length === 0) return ok(describe(preview.value, ops, options, new Map()))
  if (options.toTerminal) {
    return err({
      reason: 'would-show',
      what: 'secret values',
      next: 'tazpod env --values | a program that reads them',
    })
  }
  if (preview.value.locked) return err({ reason: 'locked' })
  const values = await valuesOf(caller, named)
  if (!values.ok) return values
  const described = describe(preview.value, ops, options, values.value)
  const binary = described.values.find(({ value }) => value?.includes('\ufffd'))
  if (binary)
    return err({
      reason: 'bad-value',
      name: binary.name,
      why: 'it is not UTF-8 text, which a shell line can not carry',
    })
  return ok(described)
}

function nameOf({ set }: LaunchPreview, entry: number): string {
  return set.entries[entry]?.name ?? ''
}

async function valuesOf(caller: Caller, names: readonly string[]): Promise<Result<Map<string, string>>> {
  const access = await vaultAccess(caller)
  if (!access.ok) return access
  const held = await heldValues(access.value, names)
  if (!held.ok) return held
  const values = names.map((name, index) => [name, held.value[index]?.toString('utf8') ?? ''] as const)
  for (const value of held.value) value?.fill(0)
  return ok(new Map(values))
}

function describe(
  preview: LaunchPreview,
  ops: readonly LaunchOp[],
  options: EnvOptions,
  known: ReadonlyMap<string, string>,
): CommandEnv {
  const { ghost, locked } = preview
  const variables: CommandEnv['variables'] = [{ name: 'TAZPOD_GHOST', value: ghost, onlyIfUnset: false }]
  const values: CommandEnv['values'] = []
  const missing: string[] = []
  for (const op of ops) {
    if (op.op === 'file' && op.env !== '') {
      variables.push({ name: op.env, value: `${ghost}/${op.dir}/${op.file}`, onlyIfUnset: false })
    } else if (op.op === 'env') {
      variables.push({ name: op.name, value: op.value, onlyIfUnset: op.ifUnset })
    } else if (op.op === 'value') {
      const value = known.get(nameOf(preview, op.entry)) ?? ''
      values.push(options.values ? { name: op.env, value } : { name: op.env })
    } else if (op.op === 'missing') {
      missing.push(op.name)
    }
  }
  return { command: options.command, ghost, variables, values, missing, locked }
}
