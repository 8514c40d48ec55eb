import { spawn } from 'node:child_process'

/** How a program ended that was asked for a value. */
export type Answer =
  /** The caller wipes it. */
  | { kind: 'printed'; output: Buffer }
  | { kind: 'failed'; exitCode: number; said: string }
  | { kind: 'killed'; signal: string; said: string }
  /** An errno name. */
  | { kind: 'not-started'; code: string }
  | { kind: 'too-long' }
  | { kind: 'too-much' }

interface AskOptions {
  cwd: string
  env: NodeJS.ProcessEnv
  /** Milliseconds. */
  timeout: number
  /** Bytes of standard output. */
  limit: number
}

/** Of standard error, its end: that is where programs say why. */
const SAID = 2_000
/** For a program to put a terminal right that it drew a prompt on. */
const GRACE_MS = 2_000

/**
 * Runs `argv` without a shell and collects what it prints. It has no input, and the terminal only where it opens it
 * itself, as a pinentry does; it stays in this process group, so that Ctrl-C reaches it.
 */
export function askProgram(argv: readonly string[], options: AskOptions): Promise<Answer> {
  const { cwd, env, timeout, limit } = options
  const [program = '', ...args] = argv
  const { promise, resolve } = Promise.withResolvers<Answer>()
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  let size = 0
  let said = Buffer.alloc(0)
  let over: Answer | undefined
  let grace: NodeJS.Timeout | undefined
  const stop = (why: Answer) => {
    over ??= why
    child.kill()
    grace ??= setTimeout(() => {
      child.kill('SIGKILL')
      // A grandchild may hold the other end of the pipes for as long as it likes.
      child.stdout.destroy()
      child.stderr.destroy()
    }, GRACE_MS)
  }
  const timer = setTimeout(() => stop({ kind: 'too-long' }), timeout)
  const settle = (answer: Answer) => {
    clearTimeout(timer)
    clearTimeout(grace)
    if (answer.kind !== 'printed') wipe(chunks)
    resolve(answer)
  }
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= limit) return void chunks.push(chunk)
    chunk.fill(0)
    stop({ kind: 'too-much' })
  })
  child.stderr.on('data', (chunk: Buffer) => {
    said = Buffer.concat([said, chunk]).subarray(-SAID)
  })
  child.on('error', (error: NodeJS.ErrnoException) => {
    settle({ kind: 'not-started', code: error.code ?? 'error' })
  })
  child.on('close', (code, ended) => {
    const words = said.toString('utf8').trim()
    if (over) return settle(over)
    if (ended !== null) return settle({ kind: 'killed', signal: ended, said: words })
    if (code !== 0) return settle({ kind: 'failed', exitCode: code ?? 1, said: words })
    const output = Buffer.concat(chunks)
    wipe(chunks)
    settle({ kind: 'printed', output })
  })
  return promise
}

function wipe(chunks: readonly Buffer[]): void {
  for (const chunk of chunks) chunk.fill(0)
}
