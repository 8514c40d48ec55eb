import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run as runOclif } from '@oclif/core/run'
import { EXIT, type FailureText } from '../core/failure/exit.ts'
import type { Failure } from '../core/failure/failure.ts'
import { failureText } from '../core/failure/words.ts'
import { nearest } from '../core/text/nearest.ts'
import { Failed } from './failed.ts'
import { tellText } from './failures.ts'
import { printable } from './output.ts'

/**
 * Runs one command line. `root` is the folder of the product (package.json, manifest). Renders every failure in
 * one place and ends the process: 0, the failure's exit code, or 70 for a bug.
 */
export async function run(root: string, argv: string[]): Promise<never> {
  const end = (error: unknown): never => {
    const code = error === undefined ? exitCode() : report(error, argv, root)
    if (isInterruptKey(error)) interruptJob()
    process.exit(code)
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', end)
  // Whoever reads our output may stop early (`| head`): not an error, the work itself goes on.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    error.code === 'EPIPE' ? undefined : end(error),
  )
  process.stderr.on('error', () => {})
  // oclif asks for the user's shell, and without SHELL it throws for a uid that is not in /etc/passwd (containers).
  process.env.SHELL ??= '/bin/sh'
  try {
    await runOclif(commandLine(argv), { root })
    await flushed()
  } catch (error) {
    return end(isExit(error) ? undefined : error)
  }
  return end(undefined)
}

/** No argument is the guided entry; `tazpod help X` means `tazpod X --help`. */
function commandLine(argv: string[]): string[] {
  if (argv.length === 0) return ['guide']
  return argv[0] === 'help' || argv[0] === '-h' ? [...argv.slice(1), '--help'] : argv
}

function exitCode(): number {
  return typeof process.exitCode === 'number' ? process.exitCode : 0
}

/** Says what went wrong, on stderr or as JSON on stdout, and returns the exit code. */
function report(error: unknown, argv: readonly string[], root: string): number {
  const text = describe(error, argv, root)
  const options = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
  if (options.includes('--json') && !writeFailure(error)) {
    const { message, next = null, exitCode: code } = text
    const reason =
      error instanceof Failed ? error.failure.reason : text.exitCode === EXIT.usage ? 'usage' : 'bug'
    process.stdout.write(`${JSON.stringify({ error: { reason, message, next, exitCode: code } }, null, 2)}\n`)
    return code
  }
  tellText(text)
  return text.exitCode
}

/** What a person reads about anything that was thrown. A bug says where it is, never what the data was. */
export function describe(error: unknown, argv: readonly string[], root: string): FailureText {
  if (error instanceof Failed) return failureText(error.failure)
  const write = writeFailure(error)
  if (write) return failureText(write)
  const usage = usageText(error, argv, root)
  return (
    usage ?? {
      message: bugLine(error),
      next: 'report this line with `tazpod doctor --json`',
      exitCode: EXIT.bug,
    }
  )
}

/** A full disk behind stdout, for example. A reader that went away (EPIPE) is none and never gets here. */
function writeFailure(error: unknown): Failure | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || error.syscall !== 'write' || !('code' in error))
    return undefined
  return { reason: 'io', action: 'write to', path: 'standard output', code: String(error.code) }
}

/** oclif's parse errors and unknown commands: short, with the next thing to type. */
function usageText(error: unknown, argv: readonly string[], root: string): FailureText | undefined {
  if (!(error instanceof Error) || !('oclif' in error)) return undefined
  const unknown = /^command (.+) not found$/i.exec(error.message)?.[1]
  if (unknown !== undefined) return unknownCommand(unknown, root)
  const first = error.message.split('\nSee more help')[0]?.trim() ?? ''
  const oneLine = printable(
    first
      .replace(/^The following errors? occurred:\s*/, '')
      .replace(/\s*:?\s*\n\s*/g, ': ')
      .replace(/ {2,}/g, ': '),
  )
  const message = oneLine.replace(/^(.)/, (letter) => letter.toLowerCase())
  const id = argv
    .slice(0, argv[0] === 'vault' ? 2 : 1)
    .filter((word) => /^[a-z-]+$/.test(word) && !word.startsWith('-'))
  return { message, next: ['tazpod', ...id, '--help'].join(' '), exitCode: EXIT.usage }
}

function unknownCommand(id: string, root: string): FailureText {
  const name = printable(id.replaceAll(':', ' ')).slice(0, 60)
  const names = commandNames(root)
  // oclif looks for a subcommand in the first argument of a command that takes none.
  const known = names.find((command) => name.startsWith(`${command} `))
  if (known !== undefined) {
    const extra = name.slice(known.length + 1)
    return {
      message: `${known} does not take "${extra}"`,
      next: `tazpod ${known} --help`,
      exitCode: EXIT.usage,
    }
  }
  return {
    message: `no such command: ${name}`,
    next: `tazpod ${nearest(name, names) ?? '--help'}`,
    exitCode: EXIT.usage,
  }
}

/** Names of the visible commands, from the manifest that the build writes. */
function commandNames(root: string): string[] {
  try {
    const manifest = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')) as {
      commands: Record<string, { hidden?: boolean }>
    }
    const visible = Object.entries(manifest.commands).filter(([, command]) => !command.hidden)
    return visible.map(([name]) => name.replaceAll(':', ' '))
  } catch {
    return [] // a guess is a help, not a promise
  }
}

function isExit(error: unknown): boolean {
  if (!(error instanceof Error) || !('oclif' in error) || !('code' in error) || error.code !== 'EEXIT')
    return false
  const { exit } = error.oclif as { exit?: number }
  if (exit !== undefined && process.exitCode === undefined) process.exitCode = exit
  return true
}

/**
 * One line about a defect of tazpod. Only the kind of the error and where it came from: a message may quote
 * the data that broke the program, and data may be a secret.
 */
function bugLine(error: unknown): string {
  const kind = error instanceof Error ? error.constructor.name : typeof error
  const code =
    error instanceof Error && 'code' in error && /^[A-Z0-9_]{2,40}$/.test(String(error.code))
      ? ` ${error.code}`
      : ''
  const frames =
    error instanceof Error
      ? (error.stack ?? '').split('\n').filter((l) => /^ +at .*:\d+:\d+\)?$/.test(l))
      : []
  const place = /(?:at (?:async )?([\w.$<>]+) )?\(?[^()\s]*?([\w.-]+:\d+):\d+\)?$/.exec(frames[0] ?? '')
  const where = place ? ` in ${place[1] ?? 'main'} (${place[2]})` : ''
  return `a defect in tazpod itself: ${kind}${code}${where}. Nothing more was done`
}

/** Ctrl-C at a prompt ends the whole job, a script around us included, as it does at any other program: the terminal
 * was raw and has told nobody. Returns only where the caller has SIGINT ignored. */
function interruptJob(): void {
  process.removeAllListeners('SIGINT')
  process.kill(0, 'SIGINT')
}

function isInterruptKey(error: unknown): boolean {
  return error instanceof Failed && error.failure.reason === 'interrupted' && error.failure.byKey === true
}

function flushed(): Promise<void> {
  return new Promise((resolve) => process.stdout.write('', () => resolve()))
}
