import { execFile } from 'node:child_process'
import { accessSync, constants, lstatSync, readFileSync, statfsSync } from 'node:fs'
import { release } from 'node:os'
import { delimiter, join } from 'node:path'
import type { FolderFact, SystemFacts, ToolFact } from '../../core/session/doctor.ts'
import { hasTerminal } from '../terminal/terminal.ts'
import { findInstall } from './install.ts'

const TOOL_TIMEOUT_MS = 5_000
const TMPFS_MAGIC = 0x01021994
const RAMFS_MAGIC = 0x858458f6

/** Tools that tazpod serves or that open its files, with the arguments that print a version without any network. */
const TOOLS: readonly (readonly string[])[] = [
  ['terraform', 'version'],
  ['tofu', 'version'],
  ['kubectl', 'version', '--client'],
  ['talosctl', 'version', '--client', '--short'],
  ['helm', 'version', '--short'],
  ['flux', '--version'],
  ['age', '--version'],
  ['git', '--version'],
  ['ssh', '-V'],
  ['sops', '--version', '--disable-version-check'],
  ['ansible', '--version'],
  ['aws', '--version'],
]

/** Whether this process is root: the session it starts is then readable by root's programs alone. */
export function isRoot(): boolean {
  return process.geteuid?.() === 0
}

/** Whether the file that Node runs from can be read, so that this process is open to the user's other ones (execve(2)). */
export function nodeIsReadable(): boolean {
  try {
    accessSync(process.execPath, constants.R_OK)
    return true
  } catch {
    return false
  }
}

/** The number of this process. */
export function ownPid(): number {
  return process.pid
}

/** Reads what `doctor` judges. Nothing here changes the system; whatever can't be read is undefined. */
export async function systemFacts(
  env: NodeJS.ProcessEnv,
  privateFiles: readonly string[],
): Promise<SystemFacts> {
  const uid = process.getuid?.() ?? 0
  const install = findInstall()
  const own = uid === 0 ? [] : ['--user', '--map-root-user']
  const [tools, userNamespace, mounts] = await Promise.all([
    Promise.all(TOOLS.map((t) => tool(env, t))),
    tryUnshare(env, ['--user', '--map-root-user']),
    tryUnshare(env, [...own, '--mount']), // makes its mounts private, which is a mount(2)
  ])
  return {
    uid,
    kernel: release(),
    userNamespace,
    mounts,
    chroot: inChroot(),
    maxUserNamespaces: number('/proc/sys/user/max_user_namespaces'),
    apparmorRestrictsUserns: number('/proc/sys/kernel/apparmor_restrict_unprivileged_userns'),
    unprivilegedUsernsClone: number('/proc/sys/kernel/unprivileged_userns_clone'),
    secretMemory: secretMemory(),
    lockableBytes: lockableBytes(),
    swaps: swaps(),
    corePattern: text('/proc/sys/kernel/core_pattern')?.trim(),
    ptraceScope: number('/proc/sys/kernel/yama/ptrace_scope'),
    hibernation: text('/sys/power/state')?.includes('disk') ?? false,
    // As the native part looks for it.
    runtimeDir: folder(env.XDG_RUNTIME_DIR) ?? folder(`/run/user/${uid}`),
    tmp: folder('/tmp'),
    terminal: hasTerminal(),
    native: install.native,
    binary: install.binary,
    node: process.versions.node,
    nodeReadable: nodeIsReadable(),
    files: privateFiles.flatMap((path) => folder(path) ?? []),
    tools,
  }
}

async function tool(env: NodeJS.ProcessEnv, [name = '', ...args]: readonly string[]): Promise<ToolFact> {
  const path = onPath(env, name)
  if (path === undefined) return { name }
  const version = await output(path, args, { ...env, CHECKPOINT_DISABLE: '1' })
  const number = /\d+\.\d+[\w.+-]*/.exec(version ?? '')?.[0]
  return number === undefined ? { name, path } : { name, path, version: number }
}

/** Whether this user can make such namespaces, tried with util-linux where it is there. */
async function tryUnshare(env: NodeJS.ProcessEnv, namespaces: string[]): Promise<boolean | undefined> {
  const unshare = onPath(env, 'unshare')
  if (unshare === undefined) return undefined
  return (await output(unshare, [...namespaces, 'true'], env)) !== undefined
}

/** No mount at `/`: mountinfo leaves out what a chroot into a plain folder can't reach (proc_pid_mountinfo(5)). */
function inChroot(): boolean {
  const mounts = text('/proc/self/mountinfo')
  return mounts !== undefined && !mounts.split('\n').some((line) => line.split(' ')[4] === '/')
}

/** stdout and stderr of a program, or undefined when it failed, hung or is not there. */
function output(path: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>()
  const options = { env, timeout: TOOL_TIMEOUT_MS, maxBuffer: 65_536, killSignal: 'SIGKILL' } as const
  const child = execFile(path, args, options, (error, out, said) => resolve(error ? undefined : out + said))
  child.stdin?.end()
  return promise
}

function onPath(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const folders = (env.PATH ?? '').split(delimiter).filter((f) => f.startsWith('/'))
  return folders
    .map((f) => join(f, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false
      } catch {
        return false
      }
    })
}

/** memfd_secret: in the kernel (the module folder exists), and switched on (default since 6.5). */
function secretMemory(): 'on' | 'off' | 'absent' {
  const setting = /(?:^|\s)secretmem\.enable=(\S+)/.exec(text('/proc/cmdline') ?? '')?.[1]
  const [major = 0, minor = 0] = release().split('.').map(Number)
  const inKernel = lstatSync('/sys/module/secretmem', { throwIfNoEntry: false }) !== undefined
  if (!inKernel && major < 6) return 'absent'
  if (setting !== undefined) return /^[1yYtT]|^on$/.test(setting) ? 'on' : 'off'
  return major > 6 || (major === 6 && minor >= 5) ? 'on' : 'off'
}

function lockableBytes(): number | undefined {
  const limit = /^Max locked memory\s+(\S+)/m.exec(text('/proc/self/limits') ?? '')?.[1]
  return limit === undefined ? undefined : limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit)
}

function swaps(): string[] {
  const lines = (text('/proc/swaps') ?? '').trim().split('\n').slice(1)
  return lines.map((line) => line.split(/\s+/)[0] ?? '').filter((name) => name !== '')
}

function folder(path: string | undefined): FolderFact | undefined {
  if (path === undefined || path === '') return undefined
  try {
    const stat = lstatSync(path)
    const kind = stat.isSymbolicLink()
      ? 'link'
      : stat.isDirectory()
        ? 'folder'
        : stat.isFile()
          ? 'file'
          : 'other'
    const type = stat.isDirectory() ? statfsSync(path).type : 0
    return {
      path,
      kind,
      uid: stat.uid,
      mode: stat.mode & 0o7777,
      memory: type === TMPFS_MAGIC || type === RAMFS_MAGIC,
    }
  } catch {
    return undefined
  }
}

function number(path: string): number | undefined {
  const value = Number.parseInt(text(path) ?? '', 10)
  return Number.isNaN(value) ? undefined : value
}

function text(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
