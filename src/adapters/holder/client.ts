import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Failure } from '../../core/failure/failure.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { findInstall } from './install.ts'

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

/** Folder and environment that a verb runs in; default: those of this process. */
interface Surroundings {
  cwd: string
  env: NodeJS.ProcessEnv
}

const LOCKED = 75
/** A failure comes as a line of JSON on this descriptor. */
const ERRORS = ['--errors-fd', '3'] as const
/** A watcher that gave up (a runtime folder that can't be trusted) is started again after this. */
const RESTART_MS = 5000
/** Largest answer that is read: one value of 1 MiB, or a status with many children. */
const MAX_OUTPUT = 8 * 1024 * 1024
/** A whole set, and a length before each value. */
const MAX_MANY = 65 * 1024 * 1024
const NUL = Buffer.alloc(1)
/** In the place of a length: there is no entry of that name. */
export const ABSENT = 0xffff_ffff

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

/** What lets a value out of the session (PROTOCOL.md, GET); empty: that the passphrase was given here a short time ago. */
export interface Proof {
  /** The vault's identity, as it was opened by a passphrase. */
  key?: Buffer | undefined
  /** A connection to the holder that this process has inherited: it is the session's own refresh. */
  over?: number | undefined
}

/**
 * The value of one entry of the unlocked holder, internal ones (`@identity`) too; the caller zeroes it.
 * Failures: locked, ghost (no such entry; 77: a proof is wanted), native-missing.
 */
export async function get(name: string, proof: Proof = {}): Promise<Result<Buffer>> {
  return lockedOr(
    await runNative(['ghost', 'get', ...proofFlags(proof), name], { ...proof, input: proof.key }),
  )
}

/**
 * The values of several entries of the unlocked holder, all from one set; undefined for a name that it does not have.
 * The caller zeroes them. Failures: as `get`.
 */
export async function getMany(
  names: readonly string[],
  proof: Proof = {},
  surroundings?: Surroundings,
): Promise<Result<(Buffer | undefined)[]>> {
  if (names.length === 0) return ok([])
  if (names.some((name) => name.includes('\0'))) throw new RangeError('a name with a NUL byte')
  const list = Buffer.from(names.map((name) => `${name}\0`).join(''))
  const input = proof.key ? Buffer.concat([proof.key, NUL, list]) : list
  const args = ['ghost', 'get', ...proofFlags(proof), '--many']
  const found = await runNative(args, { ...proof, input, maxOutput: MAX_MANY, surroundings }).finally(() =>
    input.fill(0),
  )
  if (!found.ok) return lockedOr(found)
  const values: (Buffer | undefined)[] = []
  for (let at = 0; at < found.value.length; ) {
    const size = found.value.readUInt32LE(at)
    at += 4
    values.push(size === ABSENT ? undefined : found.value.subarray(at, at + size))
    at += size === ABSENT ? 0 : size
  }
  return ok(values)
}

function proofFlags({ key, over }: Proof): string[] {
  return over === undefined ? (key === undefined ? [] : ['--key']) : ['--over', '4']
}

/** Tells the session that the passphrase was given at this terminal. Failures: locked, ghost (another vault's key). */
export async function prove(key: Buffer): Promise<Result<void>> {
  const done = await runNative(['ghost', 'prove'], { input: key })
  return done.ok ? ok() : lockedOr(done)
}

/**
 * Has the session fetch its secrets anew, with what it holds itself, and waits; `digest`: SHA-256 of tazpod.yaml, in
 * hexadecimal, all zeros without one. Returns what the refresh has said. Failures: locked (also: the file is another one
 * than at the passphrase, or nobody is there to fetch), ghost, native-missing.
 */
export async function renew(digest: string): Promise<Result<Buffer>> {
  return lockedOr(await runNative(['ghost', 'renew', digest]))
}

/**
 * What a command has made of a file that it was `given` takes the place of the value, until the lock or the next pull.
 * Failures: locked, ghost (65: the value is another one meanwhile; 77: it is not kept).
 */
export async function keep(name: string, given: Buffer, now: Buffer): Promise<Result<void>> {
  const sizes = Buffer.alloc(8)
  sizes.writeUInt32LE(given.length, 0)
  sizes.writeUInt32LE(now.length, 4)
  const input = Buffer.concat([sizes, given, now])
  const done = await runNative(['ghost', 'keep', name], { input }).finally(() => input.fill(0))
  return done.ok ? ok() : lockedOr(done)
}

function lockedOr<T extends Result<Buffer>>(result: T): T | Result<never> {
  if (result.ok) return result
  const { error } = result
  return err(error.reason === 'ghost' && error.exitCode === LOCKED ? { reason: 'locked' } : error)
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

interface NativeOptions {
  input?: Buffer | undefined
  surroundings?: Surroundings | undefined
  maxOutput?: number
  /** A descriptor of this process that the verb gets as its descriptor 4. */
  over?: number | undefined
}

/** Runs a verb with `input` on its stdin; secrets travel only over these pipes, never in argv or environment. */
async function runNative(
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
function failureOf(child: ChildProcess): () => GhostFailure {
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

function json<T>(output: Result<Buffer>): Result<T> {
  if (!output.ok) return output
  try {
    return ok(JSON.parse(output.value.toString('utf8')) as T)
  } catch {
    return err(ghost('the native part of tazpod gave an answer that is no JSON'))
  }
}
