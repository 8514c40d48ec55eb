/** A holder filled directly with a SET frame: no vault, no Node. For tests of the native binary alone. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  KEEP_UMASK,
  type LaunchEntry,
  type LaunchOp,
  type LaunchPlan,
} from '../../src/core/grant/launch-set.ts'
import { encodeSet, type SessionMeta } from '../../src/core/grant/set-frame.ts'
import { tazpodBinary } from './installed.ts'
import type { Scratch } from './scratch.ts'
import { type Run, type RunOptions, run } from './tazpod.ts'

/** The binary under test; another build (sanitized, or broken on purpose) is chosen with TZ_NATIVE_BINARY. */
export const nativeBinary = (): string => process.env.TZ_NATIVE_BINARY ?? tazpodBinary()

export type Values = Readonly<Record<string, string | Uint8Array>>

export interface Filling {
  secrets?: Values
  /** Kept for tazpod itself: never granted. */
  internal?: Values
  /** Operations of the plan `*`, behind a FILE `v` in a folder named like the secret for each one. */
  ops?: (entryOf: (name: string) => number) => LaunchOp[]
  /** Without it every secret is a file and `<NAME>_FILE` carries its path. */
  files?: boolean
  plans?: (entryOf: (name: string) => number) => LaunchPlan[]
  umask?: number
  session?: Partial<SessionMeta>
}

/** The vault's key of a filling that names none. */
export const KEY = 'key'

/** The SET frame of a filling. */
export function frameOf(filling: Filling): Buffer {
  const entries: LaunchEntry[] = []
  for (const [kind, values] of [
    ['secret', filling.secrets],
    ['internal', { '@identity': KEY, ...filling.internal }],
  ] as const) {
    for (const [name, value] of Object.entries(values ?? {})) {
      const sources = kind === 'secret' ? [name] : []
      entries.push({ kind, name, value: Buffer.from(value as string), sources })
    }
  }
  const entryOf = (name: string): number => entries.findIndex((e) => e.name === name)
  const files = Object.keys((filling.files ?? true) ? (filling.secrets ?? {}) : {}).map(
    (name): LaunchOp => ({
      op: 'file',
      entry: entryOf(name),
      dir: name,
      file: 'v',
      mode: 0o600,
      env: `${name}_FILE`,
    }),
  )
  const star = {
    pattern: '*',
    umask: filling.umask ?? KEEP_UMASK,
    ops: [...files, ...(filling.ops?.(entryOf) ?? [])],
  }
  const session = {
    idle: 0,
    max: 0,
    scope: 'user',
    label: 'native-test',
    root: '',
    provider: 'vault',
  } as const
  return encodeSet(
    { entries, plans: [...(filling.plans?.(entryOf) ?? []), star] },
    { ...session, ...filling.session },
  )
}

/** META for a project folder that holds a tazpod.yaml. */
export function sessionOf(folder: string): Pick<SessionMeta, 'config' | 'root'> {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(join(folder, 'tazpod.yaml'), { bigint: true })
  return { config: { dev, ino, size, mtimeNs, ctimeNs }, root: folder }
}

/** Runs the native binary for this person. */
export function native(scratch: Scratch, args: readonly string[], options?: RunOptions): Promise<Run> {
  return run(scratch, [nativeBinary(), ...args], options)
}

/** The value of an entry, against the vault's key. */
export function heldEntry(
  scratch: Scratch,
  name: string,
  options?: RunOptions & { key?: string },
): Promise<Run> {
  return native(scratch, ['ghost', 'get', '--key', name], { ...options, stdin: options?.key ?? KEY })
}

/** `ghost put` of a filling. Does not judge the outcome. */
export function put(scratch: Scratch, filling: Filling, options?: RunOptions): Promise<Run> {
  return native(scratch, ['ghost', 'put'], { ...options, stdin: frameOf(filling) })
}

/** The same, which has to work. */
export async function filled(scratch: Scratch, filling: Filling, options?: RunOptions): Promise<void> {
  const done = await put(scratch, filling, options)
  if (done.status !== 0) throw new Error(`ghost put ended with ${done.status ?? done.signal}: ${done.stderr}`)
}

/** `exec --non-interactive -- sh -c SCRIPT`. */
export function sh(scratch: Scratch, script: string, options?: RunOptions): Promise<Run> {
  return native(scratch, ['exec', '--non-interactive', '--', 'sh', '-c', script], options)
}

/** The folder of the socket, and the socket, of the compartment `default` or of a project folder. */
export function runtimeOf(scratch: Scratch, folder?: string): string {
  if (folder === undefined) return join(scratch.runtime, 'tazpod/default')
  const { dev, ino } = statSync(folder, { bigint: true })
  return join(scratch.runtime, 'tazpod', `${dev.toString(16)}-${ino.toString(16)}`)
}

/** The process that serves the compartment `default` (or a project): found by its argument. */
export function holderPid(scratch: Scratch, folder?: string): number {
  const argument = `ghost hold ${runtimeOf(scratch, folder)}`
  return scratch.processes().find((p) => p.command.includes(argument))?.pid ?? 0
}

/** What each descriptor of a process is (as root, or for an own dumpable process). One that it closes meanwhile is none. */
export function descriptorsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)]
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      return []
    }
  })
}

/** The lines of this person's activity log; one that is still being written is none yet. */
export function journalOf(scratch: Scratch): Record<string, unknown>[] {
  const text = readFileSync(join(scratch.state, 'tazpod/log.jsonl'), 'utf8')
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** The reasons in the log's lines of one event. */
export function reasonsOf(scratch: Scratch, event: string): unknown[] {
  return journalOf(scratch)
    .filter((line) => line.event === event)
    .map((line) => line.reason)
}
