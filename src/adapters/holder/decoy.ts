import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeSet, type SessionMeta } from '../../core/grant/set-frame.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { DECOY, DECOY_BIND, decoySet } from '../../core/session/attack.ts'
import { put, startCommand, status, where } from './client.ts'

/** A session with a worthless secret, in a scratch folder of its own: what `doctor --attack` attacks. */
export interface Decoy {
  folder: string
  /** The bytes to look for. */
  value: Buffer
  holder: number
  /** The process that fetches for the holder; 0 where there is none. */
  monitor: number
  /** What `tazpod` needs to find the decoy. */
  around: { cwd: string; env: NodeJS.ProcessEnv }
  mode: string
  /** A running command that holds the secret. */
  command: number
  /** Where that command sees the granted file. */
  file: string
  placeholder: string
  /** SIGKILLs the command and the holder, and waits until both are gone. */
  kill(): Promise<void>
  /** Kills what still runs and removes the folder. */
  remove(): Promise<void>
}

/** Starts the decoy with the real binary. Failures: native-missing, ghost (what the binary said). */
export async function startDecoy(value: Buffer): Promise<Result<Decoy>> {
  const folder = mkdtempSync(join(tmpdir(), 'tazpod-attack-'))
  const started = await startIn(folder, value)
  if (!started.ok) rmSync(folder, { recursive: true, force: true })
  return started
}

async function startIn(folder: string, value: Buffer): Promise<Result<Decoy>> {
  const around = { cwd: folder, env: { ...process.env, XDG_RUNTIME_DIR: folder, XDG_STATE_HOME: folder } }
  const config = join(folder, 'tazpod.yaml')
  writeFileSync(config, 'version: 1\n')
  writeFileSync(join(folder, DECOY_BIND), '')
  const done = await put(encodeSet(decoySet(value, randomBytes(32), folder), metaOf(folder, config)), around)
  if (!done.ok) return done
  const state = await status(around)
  const place = await where(around)
  if (!state.ok) return state
  if (!place.ok) return place
  const holder = state.value.holder ?? 0
  const command = startCommand(['sh', '-c', 'echo ready; read wait'], around)
  if (!command.ok) return command
  const child = command.value
  const kill = () => killBoth(child, holder)
  const ready = child.stdout && (await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]))
  if (child.pid === undefined || !Buffer.isBuffer(ready?.[0])) {
    await kill()
    return err({ reason: 'ghost', exitCode: 71, message: 'the decoy command did not start' })
  }
  return ok({
    folder,
    value,
    holder,
    monitor: processWith(`ghost\0monitor\0${folder}`),
    around,
    mode: state.value.isolation?.mode ?? 'unknown',
    command: child.pid,
    file: join(place.value.ghost, DECOY, DECOY),
    placeholder: join(folder, DECOY_BIND),
    kill,
    async remove() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  })
}

/** The process whose command line has these arguments; 0: none. */
function processWith(args: string): number {
  const found = readdirSync('/proc').find((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(args)
    } catch {
      return false
    }
  })
  return Number(found ?? 0)
}

/** Ten minutes at most, should this process be killed. */
function metaOf(root: string, config: string): SessionMeta {
  const session = { idle: 0, max: 600, scope: 'user', label: 'decoy', provider: 'vault' } as const
  return { ...session, root, config: statSync(config, { bigint: true }) }
}

async function killBoth(child: ChildProcess, holder: number): Promise<void> {
  const ended = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined
  child.kill('SIGKILL')
  if (holder > 0 && isAlive(holder)) process.kill(holder, 'SIGKILL')
  await ended
  while (holder > 0 && isAlive(holder)) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** A zombie that its new parent has not collected yet holds nothing any more. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}

/** Whether any file below `folder` contains `value`. */
export function foundBelow(folder: string, value: Buffer): boolean {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .some((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(value))
}
