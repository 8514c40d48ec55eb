import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { findInstall } from '../../adapters/holder/install.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { HiddenValues, HidingStream } from '../core/hidden-values.ts'

/** A prompt has no newline behind it, and may end as a value begins: it is shown after this. */
const IDLE_MS = 150

interface HidingRun {
  cwd: string
  /** What it prints goes to standard error. */
  quiet: boolean
  /** As of `tazpod exec`. */
  force: boolean
  /** What must not be shown. */
  hidden: HiddenValues
}

/** What runs, whatever it runs on. */
interface Running {
  terminate(): void
  ended: Promise<number>
}

/**
 * Runs a command with what it is granted, shows what it prints without the values in `hidden`, and returns its exit
 * code (128 + n after a signal). At a terminal the command has one of its own, which this process passes on: colours,
 * questions and Ctrl-C are as without. SIGTERM is passed on once. A terminal that closes would kill terraform in the
 * middle of a resource: the command does not hear of it and gets one SIGTERM instead.
 * Failure: native-missing.
 */
export async function runHiding(argv: readonly string[], options: HidingRun): Promise<Result<number>> {
  const { native, binary } = findInstall()
  if (!native) return err({ reason: 'native-missing', path: binary })
  const own = ['exec', ...(options.force ? ['--force'] : []), '--', ...argv]
  const deaf = ['-c', 'trap "" HUP; exec "$@"', 'sh', binary, ...own]
  const tty = process.stdin.isTTY && process.stdout.isTTY && process.stderr.isTTY && !options.quiet
  const running = tty ? await onTerminal(deaf, options) : onPipes(deaf, options)
  let passedOn = false
  const pass = () => {
    if (!passedOn) running.terminate()
    passedOn = true
  }
  const wait = () => {}
  process.on('SIGINT', wait).on('SIGTERM', pass).on('SIGHUP', pass)
  const ended = await running.ended
  process.off('SIGINT', wait).off('SIGTERM', pass).off('SIGHUP', pass)
  return ended < 0 ? err({ reason: 'native-missing', path: binary }) : ok(ended)
}

/**
 * Reads on where its parent (the other end of descriptor 5) was killed. Node's ends do not block: `cat` fails where
 * nothing has come yet, and succeeds at the end.
 */
const HEIR =
  'trap "" HUP INT TERM; read _ <&5; exec >/dev/null 2>&1; until cat <&3 && cat <&4; do cat <&4; sleep 0.1; done'

function onPipes(args: readonly string[], { cwd, quiet, hidden }: HidingRun): Running {
  const child = spawn('/bin/sh', args, { cwd, stdio: ['inherit', 'pipe', 'pipe'] })
  // Were this process killed, terraform's next line would be its end (SIGPIPE, also where it is ignored; 1.11.4), and
  // what it had built would be in no state.
  const heir = spawn('/bin/sh', ['-c', HEIR], {
    stdio: ['ignore', 'ignore', 'ignore', child.stdout, child.stderr, 'pipe'],
  })
  const show = [
    shown(hidden.stream(), quiet ? process.stderr : process.stdout),
    shown(hidden.stream(), process.stderr),
  ] as const
  // A stream that was handed to another child is not read by itself any more.
  child.stdout.on('data', show[0].take).resume()
  child.stderr.on('data', show[1].take).resume()
  const { promise, resolve } = Promise.withResolvers<number>()
  child.on('error', () => resolve(-1))
  heir.on('error', () => {})
  child.on('close', (code, signal) => {
    heir.kill('SIGKILL')
    for (const one of show) one.end()
    resolve(exitCodeOf(code, signal))
  })
  return { terminate: () => void child.kill('SIGTERM'), ended: promise }
}

function exitCodeOf(code: number | null, signal: ChildProcess['signalCode']): number {
  return code ?? 128 + (signal ? constants.signals[signal] : 0)
}

async function onTerminal(args: readonly string[], { cwd, hidden }: HidingRun): Promise<Running> {
  const { startOnPty } = await import('../../adapters/terminal/pty.ts')
  const { promise, resolve } = Promise.withResolvers<number>()
  const out = shown(hidden.stream(), process.stdout)
  const size = () => ({ cols: process.stdout.columns || 80, rows: process.stdout.rows || 24 })
  const keys = (bytes: Buffer) => program.write(bytes)
  const resized = () => program.resize(size().cols, size().rows)
  const lost = () => {} // the window is closed: what is printed goes nowhere, and SIGHUP says the rest
  const { stdin, stdout } = process
  const program = await startOnPty(
    ['/bin/sh', ...args],
    size(),
    {
      data: out.take,
      end: (code) => {
        out.end()
        stdin.off('data', keys).off('error', lost).pause()
        stdout.off('resize', resized).off('error', lost)
        if (!stdin.destroyed) stdin.setRawMode(false)
        resolve(code)
      },
    },
    { cwd, env: process.env },
  )
  stdin.setRawMode(true)
  stdin.on('data', keys).on('error', lost).resume()
  stdout.on('resize', resized).on('error', lost)
  return { terminate: () => terminate(program.pid), ended: promise }
}

function terminate(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch {
    // it has just ended
  }
}

/** Passes output on as it comes; what could begin a value waits for a moment. */
function shown(stream: HidingStream, to: NodeJS.WriteStream): { take(chunk: Buffer): void; end(): void } {
  let timer: NodeJS.Timeout | undefined
  const end = () => {
    clearTimeout(timer)
    const rest = stream.rest()
    if (rest.length > 0) to.write(rest)
  }
  return {
    take(chunk) {
      clearTimeout(timer)
      const bytes = stream.take(chunk)
      if (bytes.length > 0) to.write(bytes)
      timer = setTimeout(end, IDLE_MS)
    },
    end,
  }
}
