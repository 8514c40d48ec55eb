import { type ChildProcess, spawn } from 'node:child_process'
import { tazpodBinary } from './installed.ts'
import type { Scratch } from './scratch.ts'
import { asUser } from './users.ts'

export interface RunOptions {
  /** What the program reads; without it standard input is empty. */
  stdin?: string | Uint8Array
  /** Leaves standard input open (only with `startTazpod`): the caller writes to it and ends it. */
  keepStdinOpen?: boolean
  /** Handed over as a line on file descriptor 3, with `--passphrase-fd 3` put behind the verb's own arguments. */
  passphrase?: string | Uint8Array
  cwd?: string
  /** Added to the scratch's environment; `undefined` takes a variable away. */
  env?: Record<string, string | undefined>
  /** ms until SIGKILL (default 30 s). A test that runs into it fails: `status` is null and `timedOut` true. */
  timeout?: number
  /** Runs it as another user (only root can). Default: the scratch's owner. */
  uid?: number
}

export interface Run {
  /** The exit code, or null after a death by signal. */
  status: number | null
  signal: NodeJS.Signals | null
  timedOut: boolean
  stdout: string
  stderr: string
  /** The bytes of stdout, for what is not text. */
  stdoutBytes: Buffer
}

/** Runs the real `bin/tazpod` for the person of this scratch and waits for its end. */
export function tazpod(scratch: Scratch, args: readonly string[], options: RunOptions = {}): Promise<Run> {
  return run(scratch, [tazpodBinary(), ...withPassphraseFd(args, options)], options)
}

/** Starts `bin/tazpod` without waiting. The caller ends it; the scratch's disposal finds it otherwise. */
export function startTazpod(
  scratch: Scratch,
  args: readonly string[],
  options: RunOptions = {},
): ChildProcess {
  return start(scratch, [tazpodBinary(), ...withPassphraseFd(args, options)], options)
}

/** Runs any program as the person of this scratch, in their environment. */
export async function run(scratch: Scratch, argv: readonly string[], options: RunOptions = {}): Promise<Run> {
  const child = start(scratch, argv, options)
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk))
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    child.kill('SIGKILL')
    // A grandchild that holds the pipes open (a holder that kept its stdout) must not hold the test.
    child.stdout?.destroy()
    child.stderr?.destroy()
  }, options.timeout ?? 30_000)
  try {
    const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, sig) => resolve([code, sig]))
    })
    const stdoutBytes = Buffer.concat(out)
    return {
      status,
      signal,
      timedOut,
      stdoutBytes,
      stdout: stdoutBytes.toString('utf8'),
      stderr: Buffer.concat(err).toString('utf8'),
    }
  } finally {
    clearTimeout(timer)
  }
}

function start(scratch: Scratch, argv: readonly string[], options: RunOptions): ChildProcess {
  const [command = '', ...args] = asUser(options.uid ?? scratch.uid, argv)
  const pipes: 'pipe'[] = options.passphrase === undefined ? [] : ['pipe']
  const child = spawn(command, args, {
    cwd: options.cwd ?? scratch.project,
    env: merged(scratch.env, options.env),
    stdio: ['pipe', 'pipe', 'pipe', ...pipes],
  })
  if (!options.keepStdinOpen) feed(child.stdin, options.stdin)
  if (options.passphrase !== undefined) {
    const pipe = child.stdio[3] as NodeJS.WritableStream | null | undefined
    feed(pipe, Buffer.concat([Buffer.from(options.passphrase as string), Buffer.from('\n')]))
  }
  return child
}

/** A program that ends without reading what we wrote is no fault of the test. */
function feed(
  stream: NodeJS.WritableStream | null | undefined,
  bytes: string | Uint8Array | undefined,
): void {
  stream?.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') throw error
  })
  stream?.end(bytes ?? '')
}

function withPassphraseFd(args: readonly string[], options: RunOptions): string[] {
  if (options.passphrase === undefined) return [...args]
  const end = args.indexOf('--')
  const at = end < 0 ? args.length : end
  return [...args.slice(0, at), '--passphrase-fd', '3', ...args.slice(at)]
}

function merged(base: Record<string, string>, extra: RunOptions['env'] = {}): Record<string, string> {
  const all = Object.entries({ ...base, ...extra })
  return Object.fromEntries(all.filter((entry): entry is [string, string] => entry[1] !== undefined))
}
