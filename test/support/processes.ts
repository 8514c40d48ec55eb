import { readdirSync, readFileSync } from 'node:fs'
import { until } from './until.ts'

/** The bytes of a file of /proc, or nothing when it is gone or refused. */
function proc(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

export interface Process {
  pid: number
  /** The argument vector, joined with spaces. */
  command: string
}

/**
 * Every process whose first environment held `entry` (`NAME=value`). Others' and undumpable ones: only as root. Node is
 * undumpable: one that this test process has started, or a process that is found, counts.
 */
export function processesWithEnv(entry: string): Process[] {
  const held = (pid: number): boolean => proc(`/proc/${pid}/environ`).split('\0').includes(entry)
  const closed = (pid: number): boolean =>
    process.getuid?.() !== 0 && proc(`/proc/${pid}/environ`) === '' && commandLine(pid).includes('main.js')
  return pids()
    .filter((pid) => held(pid) || (closed(pid) && (parentOf(pid) === process.pid || held(parentOf(pid)))))
    .filter((pid) => !isZombie(pid))
    .map((pid) => ({ pid, command: commandLine(pid) }))
}

/** Every process of which an argument contains `text`. The command line is readable for every user. */
export function processesWithArgument(text: string): Process[] {
  return pids()
    .map((pid) => ({ pid, command: commandLine(pid) }))
    .filter((p) => p.command.includes(text))
}

/**
 * Kills a process and waits until the kernel has closed its files. One that is still ending has no memory, environment
 * or arguments any more, but its sockets take connections yet. Nothing to do where it is gone already.
 */
export async function killed(pid: number): Promise<void> {
  if (pid <= 0) throw new Error(`no process has the number ${pid}`)
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
  if (!(await until(() => proc(`/proc/${pid}/stat`) === '' || isZombie(pid))))
    throw new Error(`process ${pid} does not end`)
}

/** A process that ended and waits for its parent holds no memory, mount or file: it counts as gone. */
function isZombie(pid: number): boolean {
  return statOf(pid).state === 'Z'
}

/** Who started a process; 0 when it is gone. */
export function parentOf(pid: number): number {
  return statOf(pid).parent
}

/**
 * Does a process run in the job that has its terminal? A shell says `fg` before it hands the terminal over: until then
 * the keys that are signals are for the shell.
 */
export function isInForeground(pid: number): boolean {
  const { state, group, foreground } = statOf(pid)
  return state !== '' && state !== 'T' && group === foreground
}

/** proc(5): what stands behind the name, which may hold anything. */
function statOf(pid: number): { state: string; parent: number; group: number; foreground: number } {
  const fields = proc(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
  const [state = '', parent = 0, group = 0, , , foreground = 0] = fields
  return { state, parent: Number(parent), group: Number(group), foreground: Number(foreground) }
}

function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid)
}

function commandLine(pid: number): string {
  return proc(`/proc/${pid}/cmdline`).split('\0').join(' ').trim()
}

/** Mount points, in this process's namespace, whose line contains `text`. */
export function mountsUnder(text: string): string[] {
  return proc('/proc/self/mountinfo')
    .split('\n')
    .filter((line) => line.includes(text))
}
