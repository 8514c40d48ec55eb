import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sharedFolder } from '../shared-folder.ts'
import { asUser, testUid } from '../users.ts'

/** The ways in which one process of Linux can read another. */
export const ATTACKS = [
  ...(['mem', 'environ', 'maps', 'auxv', 'root', 'cwd', 'exe', 'fd', 'ns'] as const),
  ...(['ptrace', 'process_vm_readv', 'pidfd_getfd', 'nsenter'] as const),
] as const

/** `unmount` reads nothing, but may uncover what a mount hides: it needs a path, and is no part of `attackAll`. */
export type Attack = (typeof ATTACKS)[number] | 'unmount'

export interface Attempt {
  attack: Attack
  /** Whether the kernel let the attacker in at all. */
  outcome: 'refused' | 'read'
  /** Whether the needle was in what the attacker could read. */
  found: boolean
  /** The errno name of a refusal, or what was done. */
  detail: string
}

export interface AttackOptions {
  /** Who attacks (default: the user of the tests). Only root can choose. */
  uid?: number
  /** The secret to look for. */
  needle?: string | Uint8Array
  /** `root`, `cwd`: a file below it. `nsenter`, `unmount`: an absolute path inside the joined namespaces. */
  path?: string
}

/** Makes one attempt on process `pid`, from a small C program that runs as `uid`. */
export function attack(name: Attack, pid: number, options: AttackOptions = {}): Attempt {
  const more = options.path === undefined ? [] : [options.path]
  const argv = asUser(options.uid ?? testUid(), [attackProgram(), name, String(pid), ...more])
  const [command = '', ...args] = argv
  const done = spawnSync(command, args, { input: options.needle ?? '', timeout: 30_000, cwd: '/' })
  const line = done.stdout.toString().trim().split('\t')
  if (done.status !== 0 || line.length !== 3) throw new Error(`attack ${name}: ${done.status} ${done.stderr}`)
  const [outcome, found, detail = ''] = line
  return { attack: name, outcome: outcome === 'read' ? 'read' : 'refused', found: found === 'found', detail }
}

/** Makes every attempt, one after the other. */
export function attackAll(pid: number, options: AttackOptions = {}): Attempt[] {
  return ATTACKS.map((name) => attack(name, pid, options))
}

/** The names of the attempts that got in; empty is right for a protected process. */
export function successes(attempts: readonly Attempt[]): string[] {
  return attempts.filter((a) => a.outcome === 'read').map((a) => `${a.attack} (${a.detail})`)
}

/** A process without any protection: the control that shows that the attacks work on this machine. */
export class Victim implements AsyncDisposable {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /**
   * Starts it as `uid`, with `secret` in its memory and its environment.
   * @param inNamespaces in a user and mount namespace of its own, as a target for `nsenter`
   * @param mounted a folder that an empty file system covers there, as a target for `unmount`
   */
  static async start(
    secret: string,
    options: { uid?: number; inNamespaces?: boolean; mounted?: string } = {},
  ): Promise<Victim> {
    const { inNamespaces, mounted } = options
    const cover = ['sh', '-c', 'mount -t tmpfs none "$0" && exec "$@"', mounted ?? '']
    const wrap = [
      ...(inNamespaces ? ['unshare', '--user', '--map-root-user', '--mount', '--'] : []),
      ...(mounted === undefined ? [] : cover),
    ]
    const argv = asUser(options.uid ?? testUid(), [...wrap, attackProgram(), 'victim'])
    const [command = '', ...args] = argv
    const env = { PATH: process.env.PATH ?? '', VICTIM: secret }
    const child = spawn(command, args, { env, cwd: '/', stdio: ['pipe', 'pipe', 'inherit'] })
    child.stdin?.end(secret)
    const ended = once(child, 'exit').then(() => Promise.reject(new Error('the victim ended at once')))
    ended.catch(() => undefined) // it may also end later, when nobody waits any more
    await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), ended])
    return new Victim(child)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const over = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await over
  }
}

/** The attacking program, compiled once per test run; the rename makes it whole for whoever comes second. */
function attackProgram(): string {
  const program = join(sharedFolder(), 'attack')
  if (existsSync(program)) return program
  const fresh = `${program}.${process.pid}`
  const source = fileURLToPath(new URL('./attack.c', import.meta.url))
  const cc = spawnSync('cc', ['-std=gnu11', '-O1', '-Wall', '-o', fresh, source], { encoding: 'utf8' })
  if (cc.status !== 0) throw new Error(`attack.c does not compile (is cc there?): ${cc.error ?? cc.stderr}`)
  chmodSync(fresh, 0o755)
  renameSync(fresh, program)
  return program
}
