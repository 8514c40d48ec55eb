import { basename } from 'node:path'
import { planFor } from '../../core/grant/explain.ts'
import type { LaunchOp } from '../../core/grant/launch-set.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { type LaunchPreview, previewLaunch, wipePreview } from './launch-preview.ts'

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

/** What a command would find in its environment. Failures: would-show, locked, and those of `previewLaunch`. */
export async function commandEnv(
  env: NodeJS.ProcessEnv,
  cwd: string,
  options: EnvOptions,
): Promise<Result<CommandEnv>> {
  const preview = await previewLaunch(env, cwd)
  if (!preview.ok) return preview
  const ops = planFor(preview.value.set, basename(options.command))?.ops ?? []
  try {
    const held = ops.some((op) => op.op === 'value')
    if (options.values && held && options.toTerminal) {
      return err({
        reason: 'would-show',
        what: 'secret values',
        next: 'tazpod env --values | a program that reads them',
      })
    }
    if (options.values && preview.value.locked) return err({ reason: 'locked' })
    const described = describe(preview.value, ops, options)
    const binary = described.values.find(({ value }) => value?.includes('\ufffd'))
    if (binary)
      return err({
        reason: 'bad-value',
        name: binary.name,
        why: 'it is not UTF-8 text, which a shell line can not carry',
      })
    return ok(described)
  } finally {
    wipePreview(preview.value)
  }
}

function describe(
  { set, ghost, locked }: LaunchPreview,
  ops: readonly LaunchOp[],
  options: EnvOptions,
): CommandEnv {
  const variables: CommandEnv['variables'] = [{ name: 'TAZPOD_GHOST', value: ghost, onlyIfUnset: false }]
  const values: CommandEnv['values'] = []
  const missing: string[] = []
  for (const op of ops) {
    if (op.op === 'file' && op.env !== '') {
      variables.push({ name: op.env, value: `${ghost}/${op.dir}/${op.file}`, onlyIfUnset: false })
    } else if (op.op === 'env') {
      variables.push({ name: op.name, value: op.value, onlyIfUnset: op.ifUnset })
    } else if (op.op === 'value') {
      const value = set.entries[op.entry]?.value.toString('utf8') ?? ''
      values.push(options.values ? { name: op.env, value } : { name: op.env })
    } else if (op.op === 'missing') {
      missing.push(op.name)
    }
  }
  return { command: options.command, ghost, variables, values, missing, locked }
}
