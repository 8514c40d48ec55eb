import { readFileSync } from 'node:fs'

/** Ticks per second of the times in /proc, fixed for user space on every Linux (proc(5), sysconf(_SC_CLK_TCK)). */
const TICKS = 100

/**
 * Asks a process to end (SIGTERM), unless its number belongs by now to one that started after `seenAt` (ms since
 * 1970). Returns whether it was asked.
 */
export function stopProcess(pid: number, seenAt: number): boolean {
  const started = startOf(pid)
  if (started === undefined || started > seenAt) return false
  try {
    return process.kill(pid, 'SIGTERM')
  } catch {
    return false
  }
}

/** When a process started, in ms since 1970; undefined: it is gone. */
function startOf(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')
    const boot = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1]
    return (Number(boot) + Number(fields[19]) / TICKS) * 1000 // field 22 of proc(5), the 20th behind the name
  } catch {
    return undefined
  }
}
