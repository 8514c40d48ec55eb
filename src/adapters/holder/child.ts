import { spawn } from 'node:child_process'
import { err, ok, type Result } from '../../core/result.ts'
import { startCommand } from './client.ts'

interface Ran {
  exitCode: number
  stdout: Buffer
  stderr: Buffer
}

/** More than any tool says that is asked for one value. */
const MAX_OUTPUT = 64 * 1024 * 1024

/**
 * Runs a command with what it is granted (`tazpod exec`), `input` on its standard input, and collects what it says.
 * The caller wipes `stdout`. Failure: native-missing, castle-tool (not started, or it says more than 64 MiB).
 */
export async function runGranted(
  argv: readonly string[],
  options: { cwd: string; input?: Buffer },
): Promise<Result<Ran>> {
  const child = startCommand(argv, { cwd: options.cwd, env: quietEnvironment() })
  return child.ok ? collect(child.value, argv[0] ?? '', options.input) : child
}

/** Without what makes terraform write its work into logs, or changes its arguments: only its answer is wanted. */
function quietEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !/^TF_(LOG|CLI_ARGS)/.test(name))
  return Object.fromEntries(entries)
}

/** The same for a program that gets nothing from tazpod. `env`: this process's own unless one is given. */
export function runPlain(
  argv: readonly string[],
  { cwd, env = process.env }: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<Result<Ran>> {
  const [command = '', ...args] = argv
  const child = spawn(command, args, { cwd, env, stdio: 'pipe' })
  return collect(child, command)
}

function collect(child: ReturnType<typeof spawn>, tool: string, input?: Buffer): Promise<Result<Ran>> {
  const { promise, resolve } = Promise.withResolvers<Result<Ran>>()
  const out: Buffer[] = []
  const said: Buffer[] = []
  let size = 0
  const take = (list: Buffer[]) => (chunk: Buffer) => {
    size += chunk.length
    if (size > MAX_OUTPUT) child.kill()
    else list.push(chunk)
  }
  child.stdout?.on('data', take(out))
  child.stderr?.on('data', take(said))
  child.on('error', (error: NodeJS.ErrnoException) => {
    const why =
      error.code === 'ENOENT' ? 'is not on the PATH' : `can not be started: ${error.code ?? 'error'}`
    resolve(err({ reason: 'castle-tool', tool, why }))
  })
  child.on('close', (code, signal) => {
    const stdout = Buffer.concat(out)
    for (const chunk of out) chunk.fill(0)
    if (size > MAX_OUTPUT) return resolve(err({ reason: 'castle-tool', tool, why: 'says far too much' }))
    resolve(ok({ exitCode: code ?? (signal ? 128 : 1), stdout, stderr: Buffer.concat(said) }))
  })
  child.stdin?.on('error', () => {}) // it ended early: its exit code says why
  child.stdin?.end(input ?? '')
  return promise
}
