import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { err, ok, type Result } from '../../core/result.ts'
import { findInstall } from './install.ts'
import { ERRORS, failureOf, json, LOCKED, runNative, type Surroundings } from './run-native.ts'

/** What the native binary says about the current folder: its project, and whether a holder is unlocked for it. */
export interface Where {
  /** Folder of tazpod.yaml, absolute; null outside a project (compartment `default`). */
  root: string | null
  id: string
  /** Absolute path of tazpod.yaml. */
  config: string | null
  runtime: string
  /** Mount point that a child sees as TAZPOD_GHOST. */
  ghost: string
  state: 'locked' | 'unlocked'
}

/** `tazpod status --json` (DESIGN §7). */
export interface GhostStatus {
  state: 'locked' | 'unlocked' | 'unknown'
  /** Name for people. */
  project: string | null
  /** Folder of the project; null for the compartment `default`. */
  root?: string | null
  /** Process of the holder. */
  holder?: number
  provider?: string
  expiresAt?: string | null
  idleAt?: string | null
  /** Null: the set is never fetched anew. */
  refresh?: {
    state: 'waiting' | 'failed'
    /** When it is tried next; null: not before the next pull. */
    at: string | null
    /** The last success or failure. */
    last: string | null
    /** Whether the process that does it is there. */
    monitor: boolean
  } | null
  secrets?: number
  running?: RunningCommand[]
  isolation?: { mode: string; backing: string; memory: string } | null
}

/** A command that was started with secrets and has not ended. */
export interface RunningCommand {
  pid: number
  command: string
  /** ISO 8601. */
  startedAt?: string
  secrets: string[]
}

/** `tazpod lock --json`. */
export interface LockReport {
  /** Secrets that were wiped; 0 when it was locked already. */
  wiped: number
  stopped: boolean
  /** What ran when it was locked. */
  running: RunningCommand[]
}

/** A watcher that gave up (a runtime folder that can't be trusted) is started again after this. */
const RESTART_MS = 5000

/** The project of the current folder. Failures: native-missing, ghost. */
export async function where(surroundings?: Surroundings): Promise<Result<Where>> {
  return json<Where>(await runNative(['ghost', 'where'], { surroundings }))
}

/**
 * Hands a whole set to the holder of this project, starting one if there is none. `frame` is a SET frame of
 * PROTOCOL.md; it goes over a pipe. The set is replaced at once or, on a failure, not at all.
 */
export async function put(frame: Buffer, surroundings?: Surroundings): Promise<Result<void>> {
  const done = await runNative(['ghost', 'put'], { input: frame, surroundings })
  return done.ok ? ok() : done
}

/**
 * Locks the unlocked session of this project when logind tells of one of these events, until it is locked; in place of
 * what was asked for before. Failures: ghost (logind can't be heard), native-missing.
 */
export async function lockOn(events: readonly string[], surroundings?: Surroundings): Promise<Result<void>> {
  const done = await runNative(['ghost', 'sentinel', ...events], { surroundings })
  return done.ok ? ok() : done
}

/** State of this project's holder. Failures: native-missing, ghost. */
export async function status(surroundings?: Surroundings): Promise<Result<GhostStatus>> {
  return json<GhostStatus>(await runNative(['status', '--json'], { surroundings }))
}

/** Starts `argv` with what it is granted; the process returned becomes that command. Failure: native-missing. */
export function startCommand(argv: readonly string[], surroundings: Surroundings): Result<ChildProcess> {
  const install = findInstall()
  if (!install.native) return err({ reason: 'native-missing', path: install.binary })
  return ok(spawn(install.binary, ['exec', '--', ...argv], { ...surroundings, stdio: 'pipe' }))
}

/**
 * Runs a verb of the native binary on this process's own terminal, stdin and stdout.
 * Returns its exit code. Failure: native-missing.
 */
export async function hand(args: readonly string[]): Promise<Result<number>> {
  const install = findInstall()
  if (!install.native) return err({ reason: 'native-missing', path: install.binary })
  const { promise, resolve } = Promise.withResolvers<Result<number>>()
  const child = spawn(install.binary, args, { stdio: 'inherit' })
  child.on('error', () => resolve(err({ reason: 'native-missing', path: install.binary })))
  child.on('close', (code) => resolve(ok(code ?? 70)))
  return promise
}

/** The argv that becomes a person's shell on the session's terminal, with what `parent` (`tazpod shell`) was given. */
export function sessionArgv(parent: number, broker: string): [string, ...string[]] {
  return [findInstall().binary, 'ghost', 'session', String(parent), broker]
}

/** A command that has the session's terminal for itself. */
export interface Lent {
  /** Its exit code, once the terminal is raw again. */
  ended: Promise<number>
  /** Ends it, within about a second. */
  end(): void
}

/** Runs a command of tazpod on this terminal, set as it was before the session whose page `page` is. */
export function startLent(page: number, args: readonly string[]): Lent {
  const { binary } = findInstall()
  const lend = (command: readonly string[]) =>
    spawn(binary, ['ghost', 'lend', '3', String(process.pid), ...command], { stdio: [0, 1, 2, page] })
  const { promise, resolve } = Promise.withResolvers<number>()
  const child = lend([binary, ...args])
  child.on('error', () => resolve(70))
  child.on('close', (code) => {
    if (code !== null) return resolve(code)
    // It was killed, and could not take the terminal back from its command.
    lend([])
      .on('error', () => resolve(70))
      .on('close', () => resolve(70))
  })
  return { ended: promise, end: () => void child.kill() }
}

/**
 * Wipes the secrets of this project at once. `stop` also ends what runs, except the process `keep`.
 * Failures: native-missing, ghost.
 */
export async function lock({
  stop = false,
  keep,
}: {
  stop?: boolean
  keep?: number
} = {}): Promise<Result<LockReport>> {
  const except = keep === undefined ? [] : ['--keep', String(keep)]
  const flags = stop || keep !== undefined ? ['--stop', ...except] : []
  return json<LockReport>(await runNative(['lock', '--json', ...flags]))
}

/**
 * Tells the state of this project now and at each change: at once when it is locked, within a second otherwise. One
 * native process asks (0.1 ms a second, no start of a process). The function returned ends it.
 */
export function watchStatus(changed: (status: GhostStatus) => void): () => void {
  let ended = false
  let stop = (): void => {}
  const start = (): void => {
    const child = spawn(findInstall().binary, ['ghost', 'watch'], { stdio: ['pipe', 'pipe', 'ignore'] })
    createInterface(child.stdout).on('line', (line) => {
      const status = json<GhostStatus>(ok(Buffer.from(line)))
      if (status.ok) changed(status.value)
    })
    child.on('error', () => {})
    child.stdin.on('error', () => {})
    child.on('close', () => {
      if (!ended) setTimeout(start, RESTART_MS).unref()
    })
    stop = () => child.stdin.end()
  }
  start()
  return () => {
    ended = true
    stop()
  }
}

/** A lock on a file that other processes respect; it also ends when this process dies. */
export interface FileLock {
  release(): Promise<void>
}

/** Takes the exclusive lock `file` (created 0600), without waiting. Failure: vault-busy when another holds it. */
export async function flock(file: string): Promise<Result<FileLock>> {
  const install = findInstall()
  if (!install.native) return err({ reason: 'native-missing', path: install.binary })
  const { promise, resolve } = Promise.withResolvers<Result<FileLock>>()
  const child = spawn(install.binary, [...ERRORS, 'ghost', 'flock', file], {
    stdio: ['pipe', 'pipe', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>((done) => child.once('close', () => done()))
  const failed = failureOf(child)
  child.stdin?.on('error', () => {})
  child.on('error', () => resolve(err({ reason: 'native-missing', path: install.binary })))
  child.stdout?.once('data', () => {
    resolve(
      ok({
        release() {
          child.stdin?.end()
          return ended
        },
      }),
    )
  })
  child.on('close', () => {
    const failure = failed()
    resolve(err(failure.exitCode === LOCKED ? { reason: 'vault-busy', path: file } : failure))
  })
  return promise
}
