import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { DECOY_KEY, type Outcome } from '../../core/session/attack.ts'
import { findInstall } from './install.ts'

/** Who makes the attempt: this process itself, or a program started as another user (needs root). */
export type As = { uid: number; gid: number } | undefined

/**
 * Reads a file or lists a folder through `cat` and `ls` (as another user that has to be another process).
 * `read`: it could be opened and, with `needle`, the bytes were in it.
 */
export function tryPath(kind: 'file' | 'folder', path: string, as: As, needle?: Buffer): Outcome {
  const done = spawnSync(kind === 'file' ? 'cat' : 'ls', ['--', path], {
    ...as,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    maxBuffer: 64 * 1024 * 1024,
  })
  if (done.status !== 0) return 'refused'
  return needle === undefined || done.stdout.includes(needle) ? 'read' : 'refused'
}

/** Opens /proc/PID/mem: the kernel asks the same question as for ptrace(2) attach. `head` reads nothing: page 0 is empty. */
export function tryMemory(pid: number, as: As): Outcome {
  const done = spawnSync('head', ['-c', '0', '--', `/proc/${pid}/mem`], {
    ...as,
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
  })
  return done.status === 0 ? 'read' : 'refused'
}

/** Runs tazpod's own binary as this attacker. `read`: what it printed has `needle` in it, or the vault's key. */
export function tryTazpod(
  args: readonly string[],
  around: { cwd: string; env: NodeJS.ProcessEnv },
  as: As,
  needle: Buffer,
  input = '',
): Outcome {
  const done = spawnSync(findInstall().binary, args, { ...as, ...around, input })
  return done.status === 0 && (done.stdout.includes(needle) || args.includes(DECOY_KEY)) ? 'read' : 'refused'
}

/** For root, who may open it: whether a page of memfd_secret(2) or of locked memory gives up `needle`. */
export function trySecretMemory(pid: number, needle: Buffer): Outcome {
  let memory: number
  try {
    memory = openSync(`/proc/${pid}/mem`, 'r')
  } catch {
    return 'refused'
  }
  try {
    return writableRegions(pid).some((region) => regionHas(memory, region, needle)) ? 'read' : 'refused'
  } finally {
    closeSync(memory)
  }
}

interface Region {
  from: number
  size: number
}

function writableRegions(pid: number): Region[] {
  const lines = readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n')
  return lines.flatMap((line) => {
    const match = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line)
    if (match === null) return []
    const from = Number.parseInt(match[1] ?? '', 16)
    return [{ from, size: Number.parseInt(match[2] ?? '', 16) - from }]
  })
}

function regionHas(memory: number, { from, size }: Region, needle: Buffer): boolean {
  const bytes = Buffer.alloc(Math.min(size, 64 * 1024 * 1024))
  try {
    return bytes.subarray(0, readSync(memory, bytes, 0, bytes.length, from)).includes(needle)
  } catch {
    return false // EIO: the pages are not in the kernel's direct map (memfd_secret(2))
  } finally {
    bytes.fill(0)
  }
}
