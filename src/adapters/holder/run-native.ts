import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { Failure } from '../../core/failure/failure.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { findInstall } from './install.ts'

/** Folder and environment that a verb runs in; default: those of this process. */
export interface Surroundings {
  cwd: string
  env: NodeJS.ProcessEnv
}

export const LOCKED = 75
/** A failure comes as a line of JSON on this descriptor. */
export const ERRORS = ['--errors-fd', '3'] as const
/** Largest answer that is read: one value of 1 MiB, or a status with many children. */
const MAX_OUTPUT = 8 * 1024 * 1024

interface NativeOptions {
  input?: Buffer | undefined
  surroundings?: Surroundings | undefined
  maxOutput?: number
  /** A descriptor of this process that the verb gets as its descriptor 4. */
  over?: number | undefined
}

/** Runs a verb with `input` on its stdin; secrets travel only over these pipes, never in argv or environment. */
export async function runNative(
  args: readonly string[],
  { input, surroundings, maxOutput = MAX_OUTPUT, over }: NativeOptions = {},
): Promise<Result<Buffer>> {
  const install = findInstall()
  if (!install.native) return err({ reason: 'native-missing', path: install.binary })
  const { promise, resolve } = Promise.withResolvers<Result<Buffer>>()
  const child = spawn(install.binary, [...ERRORS, ...args], {
    ...surroundings,
    stdio: [input ? 'pipe' : 'ignore', 'pipe', 'ignore', 'pipe', ...(over === undefined ? [] : [over])],
  })
  const out: Buffer[] = []
  const failed = failureOf(child)
  let size = 0
  child.stdout?.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > maxOutput) child.kill()
    else out.push(chunk)
  })
  child.on('error', () => resolve(err({ reason: 'native-missing', path: install.binary })))
  child.on('close', (code) => {
    const output = Buffer.concat(out)
    for (const chunk of out) chunk.fill(0)
    if (code === 0) return resolve(ok(output))
    output.fill(0)
    resolve(err(failed()))
  })
  if (input && child.stdin) {
    child.stdin.on('error', () => {}) // it ended early: its exit code says why
    child.stdin.end(input)
  }
  return promise
}

type GhostFailure = Extract<Failure, { reason: 'ghost' }>

/** Collects the one line of JSON that a failed verb writes to descriptor 3 (`native/lib/base.h`); read it at the end. */
export function failureOf(child: ChildProcess): () => GhostFailure {
  const said: Buffer[] = []
  const errors = child.stdio[3] as Readable | null | undefined
  errors?.on('data', (chunk: Buffer) => said.push(chunk))
  return () => {
    const line = Buffer.concat(said)
    if (line.length === 0) return ghost('the native part of tazpod was stopped')
    const failure = json<Omit<GhostFailure, 'reason'>>(ok(line))
    return failure.ok ? { reason: 'ghost', ...failure.value } : ghost('the native part failed without words')
  }
}

/** What it should not do. */
function ghost(message: string): GhostFailure {
  return { reason: 'ghost', exitCode: 70, message }
}

export function json<T>(output: Result<Buffer>): Result<T> {
  if (!output.ok) return output
  try {
    return ok(JSON.parse(output.value.toString('utf8')) as T)
  } catch {
    return err(ghost('the native part of tazpod gave an answer that is no JSON'))
  }
}

/** The failure "locked" where that is why the holder gave nothing. */
export function lockedOr<T extends Result<Buffer>>(result: T): T | Result<never> {
  if (result.ok) return result
  const { error } = result
  return err(error.reason === 'ghost' && error.exitCode === LOCKED ? { reason: 'locked' } : error)
}
