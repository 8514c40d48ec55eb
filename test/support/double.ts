/**
 * An installation whose JavaScript is a double: the real native binary, the real Node, and a `main.js` that notes how
 * it was called and does what the test says. For everything that the native part starts Node for.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type Filling, frameOf, nativeBinary } from './holder.ts'
import { CHECKOUT, installedRoot } from './installed.ts'
import { killed } from './processes.ts'
import type { Scratch } from './scratch.ts'
import { sharedFolder } from './shared-folder.ts'
import { type Run, type RunOptions, run } from './tazpod.ts'
import { need } from './tools.ts'
import { until } from './until.ts'

/** What the double does when it is started for a verb. */
export interface Behaviour {
  /** Exit code; default 0. */
  code?: number
  /** Asks the holder for the value of this entry first, and exits as that did where it was refused. */
  get?: string
  /** Puts this set before it exits. */
  put?: Filling
  /** Waits so long before it puts and exits. */
  sleep?: number
  /** Waits for `release` before it puts and exits. */
  held?: boolean
  /** SIGTERM does nothing to it. */
  deaf?: boolean
  /** Does not read its standard input. */
  unread?: boolean
}

export interface Call {
  verb: string
  pid: number
  /** Unix ms: after its start, before its end. */
  time: number
  argv: string[]
  env: Record<string, string>
  cwd: string
  /** Of what came on standard input. The bytes themselves are noted nowhere. */
  stdin: { size: number; sha256: string }
}

const MAIN = `
const fs = require('node:fs'), path = require('node:path')
const root = path.join(__dirname, '../..')
const argv = process.argv.slice(2), verb = argv[0]
const { code = 0, get, put, sleep = 0, held, deaf, unread } = JSON.parse(fs.readFileSync(root + '/behaviour.json', 'utf8'))[verb] ?? {}
if (deaf) process.on('SIGTERM', () => undefined)
const refresh = argv.includes('--for-refresh') // its standard input is a connection to the holder
const input = unread || refresh ? Buffer.alloc(0) : fs.readFileSync(0)
const sha256 = require('node:crypto').createHash('sha256').update(input).digest('hex')
const call = { verb, pid: process.pid, time: Date.now(), argv, env: process.env, cwd: process.cwd(), stdin: { size: input.length, sha256 } }
fs.appendFileSync(root + '/calls.jsonl', JSON.stringify(call) + '\\n')
const tazpod = (args, options) => require('node:child_process').spawnSync(root + '/bin/tazpod', args, options)
const end = () => {
  if (held && !fs.existsSync(root + '/release')) return setTimeout(end, 20)
  const got = get ? tazpod(['ghost', 'get', '--over', '4', get], { stdio: ['ignore', 'pipe', 'ignore', 'ignore', 0] }).status : 0
  if (got !== 0) process.exit(got)
  if (put) tazpod(['ghost', 'put'], { input: fs.readFileSync(put) })
  process.exit(code)
}
setTimeout(end, sleep)
`

/**
 * The program with times of seconds instead of minutes; everything else of it is the product. What ends a Node that is
 * stuck is not shorter: on a busy machine one that is not has to start, and say so, before.
 */
const SHORT =
  '-O1 -DMONITOR_REFRESH_S=8 -DMONITOR_PAUSE_S=1 -DMONITOR_REVOKE_S=8 -DOVERDUE_S=1 -DOVERDUE_AGAIN_S=4 -DEXEC_REFRESH_S=8 -DLOOK_S=1'

/** That program; nothing, with a printed reason, where no compiler is found. Built once per test run. */
export function hastyBinary(): string | undefined {
  if (!need('make', 'what takes minutes') || !need('cc', 'what takes minutes')) return undefined
  const out = join(sharedFolder(), `hasty`)
  const binary = join(out, 'tazpod')
  if (existsSync(binary)) return binary
  const own = `${out}-${process.pid}`
  const make = spawnSync('make', ['-s', '-C', join(CHECKOUT, 'native'), `OUT=${own}`, `CFLAGS=${SHORT}`], {
    encoding: 'utf8',
  })
  if (make.status !== 0) throw new Error(`the program with short times does not build: ${make.stderr}`)
  chmodSync(own, 0o755)
  try {
    renameSync(own, out)
  } catch (error) {
    if (!existsSync(binary)) throw error // else another test file was first
  }
  return binary
}

export class Double {
  readonly root: string
  readonly binary: string
  readonly #scratch: Scratch
  readonly #behaviour: Record<string, unknown> = {}
  #frames = 0

  constructor(scratch: Scratch, native = nativeBinary()) {
    this.#scratch = scratch
    this.root = scratch.folder('install')
    this.binary = join(scratch.folder('install/bin'), 'tazpod')
    copyFileSync(native, this.binary)
    chmodSync(this.binary, 0o755)
    const main = join(scratch.folder('install/dist/bin'), 'main.js')
    writeFileSync(main, MAIN)
    chmodSync(main, 0o644)
    const modules = join(installedRoot(), 'node_modules')
    scratch.folder('install/node_modules')
    for (const name of readdirSync(modules).filter((entry) => entry.startsWith('node-linux-')))
      symlinkSync(join(modules, name), join(this.root, 'node_modules', name))
    this.does('pull', {})
  }

  /** From now on the double behaves so for this verb. */
  does(verb: string, { put, ...rest }: Behaviour): void {
    let frame: string | undefined
    if (put) {
      frame = join(this.root, `frame-${this.#frames++}`)
      writeFileSync(frame, frameOf(put))
      chmodSync(frame, 0o644)
    }
    this.#behaviour[verb] = { ...rest, ...(frame && { put: frame }) }
    const next = join(this.root, 'behaviour.new')
    writeFileSync(next, JSON.stringify(this.#behaviour))
    chmodSync(next, 0o644)
    renameSync(next, join(this.root, 'behaviour.json'))
  }

  /** Lets go what is `held`. */
  release(): void {
    writeFileSync(join(this.root, 'release'), '')
  }

  /** How it was started so far. */
  calls(verb?: string): Call[] {
    const file = join(this.root, 'calls.jsonl')
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
    const calls = lines.slice(0, -1).map((line) => JSON.parse(line) as Call) // the last one may not be whole yet
    return calls.filter((call) => verb === undefined || call.verb === verb)
  }

  /** Runs this installation's program. */
  run(args: readonly string[], options?: RunOptions): Promise<Run> {
    return run(this.#scratch, [this.binary, ...args], options)
  }

  /** `ghost put` of a filling, which has to work. */
  async fill(filling: Filling, options?: RunOptions): Promise<void> {
    const done = await this.run(['ghost', 'put'], { ...options, stdin: frameOf(filling) })
    if (done.status !== 0)
      throw new Error(`ghost put ended with ${done.status ?? done.signal}: ${done.stderr}`)
  }

  /**
   * The monitors that run, found by their argument. Between fork(2) and execve(2) a monitor's child (`tazpod revoke`)
   * carries its parent's arguments: on a slow machine it was counted as a second monitor, so a monitor's child is none.
   */
  monitors(): number[] {
    const { runtime } = this.#scratch
    const found = this.#scratch
      .processes()
      .filter(({ command }) => command.startsWith(`tazpod ghost monitor ${runtime}/`))
      .map(({ pid }) => pid)
    return found.filter((pid) => !found.includes(parentOf(pid)))
  }

  /** Kills the monitors, and waits until the holder has noticed: until then a put would start no other one. */
  async killMonitors(): Promise<void> {
    for (const monitor of this.monitors()) await killed(monitor)
    const noticed = async (): Promise<boolean> => {
      const { stdout } = await this.run(['status', '--json'])
      const { refresh } = JSON.parse(stdout) as { refresh: { monitor: boolean } | null }
      return refresh?.monitor !== true
    }
    if (!(await until(noticed))) throw new Error('the holder does not notice that its monitor is gone')
  }
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    return 0 // ended meanwhile
  }
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex')
}
