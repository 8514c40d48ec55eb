import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { CHECKOUT, reachable, tazpodBinary } from './installed.ts'
import { killed, mountsUnder, type Process, processesWithArgument, processesWithEnv } from './processes.ts'
import { until } from './until.ts'
import { asUser, testUid } from './users.ts'

const MARK = 'TZ_TEST_SCRATCH'

/**
 * One person's whole world, thrown away at the end of the test: HOME, the XDG folders, a project folder and an
 * environment that passes nothing of the developer's own through. Owned by `uid`.
 *
 * Disposing locks every project, then asserts that no process or mount of it is left; what is left is killed
 * and the test fails.
 */
export class Scratch implements AsyncDisposable {
  readonly uid: number
  /** Everything is below it. Short, because socket paths end at 107 bytes. */
  readonly root: string
  readonly home: string
  readonly project: string
  readonly data: string
  readonly state: string
  readonly config: string
  readonly cache: string
  readonly runtime: string
  readonly tmp: string
  /** The environment of every program that a test runs for this person. */
  readonly env: Record<string, string>
  readonly #mark = randomBytes(8).toString('hex')
  #failures: string[] = []

  constructor(uid: number = testUid()) {
    this.uid = uid
    this.root = mkdtempSync('/tmp/tz-')
    chmodSync(this.root, 0o755) // others may look in and must still be refused further down
    this.home = this.folder('home')
    this.project = this.folder('home/project')
    this.data = this.folder('home/.local/share')
    this.state = this.folder('home/.local/state')
    this.config = this.folder('home/.config')
    this.cache = this.folder('home/.cache')
    this.runtime = this.folder('run')
    this.tmp = this.folder('tmp')
    this.env = {
      PATH: cleanPath(),
      HOME: this.home,
      USER: 'tazpod-test',
      LOGNAME: 'tazpod-test',
      SHELL: '/bin/sh',
      LANG: 'C.UTF-8',
      LC_ALL: 'C.UTF-8',
      TERM: 'xterm-256color',
      TMPDIR: this.tmp,
      XDG_DATA_HOME: this.data,
      XDG_STATE_HOME: this.state,
      XDG_CONFIG_HOME: this.config,
      XDG_CACHE_HOME: this.cache,
      XDG_RUNTIME_DIR: this.runtime,
      CHECKPOINT_DISABLE: '1', // terraform must not ask its vendor for updates
      [MARK]: this.#mark,
    }
  }

  /** Makes a 0700 folder below the scratch root, with its parents, and returns its absolute path. */
  folder(name: string): string {
    let path = this.root
    for (const part of name.split('/')) {
      path = join(path, part)
      mkdirSync(path, { mode: 0o700, recursive: true })
      this.own(path)
    }
    return path
  }

  /** Writes a file of this person's (default mode 0600) and returns its absolute path. `name` is below `home`. */
  file(name: string, content: string | Uint8Array, mode = 0o600): string {
    const path = join(this.home, name)
    this.folder(`home/${dirname(name)}`)
    writeFileSync(path, content, { mode })
    chmodSync(path, mode)
    this.own(path)
    return path
  }

  /** Gives a path to this person. */
  own(path: string): void {
    if (this.uid !== process.getuid?.()) chownSync(path, this.uid, this.uid)
  }

  /** The processes of this scratch that still run: found by their environment, or by a path in their arguments. */
  processes(): Process[] {
    const found = [...processesWithEnv(`${MARK}=${this.#mark}`), ...processesWithArgument(this.root)]
    return [...new Map(found.map((p) => [p.pid, p])).values()].filter((p) => p.pid !== process.pid)
  }

  /** The holder of a project: its only argument that names it is the runtime folder, which ends in the project's id. */
  holder(folder: string = this.project): Process | undefined {
    const { dev, ino } = statSync(folder, { bigint: true })
    const id = `/${dev.toString(16)}-${ino.toString(16)} `
    return this.processes().find((p) => p.command.includes('ghost hold') && p.command.includes(id))
  }

  /** What is left of the product outside files: processes and mounts. One line each; empty is right. */
  leftovers(): string[] {
    return [
      ...this.processes().map((p) => `process ${p.pid}: ${p.command}`),
      ...mountsUnder(this.root).map((line) => `mount ${line}`),
    ]
  }

  /** Locks every compartment that has a folder in the runtime directory. */
  lockAll(): void {
    for (const cwd of [this.project, this.home, ...this.#otherProjects]) {
      const [command = '', ...args] = asUser(this.uid, [tazpodBinary(), 'lock'])
      spawnSync(command, args, { cwd, env: this.env, timeout: 10_000 })
    }
  }

  #otherProjects: string[] = []

  /** A further project folder, locked on disposal too. */
  addProject(name: string): string {
    const path = this.folder(`home/${name}`)
    this.#otherProjects.push(path)
    return path
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (readdirSync(this.runtime).length > 0) this.lockAll()
      await until(() => this.leftovers().length === 0, 20_000) // Node's last word (tazpod revoke) is among them
      this.#failures = this.leftovers()
      await Promise.all(this.processes().map(({ pid }) => killed(pid)))
    } finally {
      rmSync(this.root, { recursive: true, force: true, maxRetries: 3 })
    }
    if (this.#failures.length > 0)
      throw new Error(`left behind by the test:\n  ${this.#failures.join('\n  ')}`)
  }
}

/** The caller's PATH without private folders (another user can't use them) and without npm's additions. */
export function cleanPath(): string {
  const own = (process.env.PATH ?? '').split(':')
  const usual = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin']
  const kept = own.filter(
    (dir) => dir.startsWith('/') && !dir.includes('node_modules') && !dir.startsWith(CHECKOUT),
  )
  return [...new Set([...kept.filter((dir) => reachable(`${dir}/x`)), ...usual])].filter(isFolder).join(':')
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}
