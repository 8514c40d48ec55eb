import { constants, createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { err, ok, type Result } from '../../core/result.ts'
import { type Activity, parseActivity } from '../../core/session/activity.ts'
import { utcTime } from '../../core/text/time.ts'
import { errnoOf } from './errno.ts'
import type { UserPaths } from './paths.ts'

/** Bytes that are enough for a screen full of lines. */
const GLANCE_BYTES = 256 * 1024
/** Bytes that are read from the end of the log; older lines stay in the file. */
const TAIL_BYTES = 16 * 1024 * 1024

/** The log of this user on this machine, one JSON object per line, written by the holders. */
export function activityLogPath(paths: UserPaths): string {
  return join(paths.state, 'log.jsonl')
}

/**
 * The lines from `since` (ms since 1970) on, oldest first, and how many were damaged. No log yet is an empty one.
 * Failure: io.
 */
export async function readActivity(
  path: string,
  since: number,
): Promise<Result<{ lines: Activity[]; damaged: number }>> {
  const lines: Activity[] = []
  let damaged = 0
  try {
    const file = await open(path, 'r')
    const { size } = await file.stat()
    await file.close()
    const start = Math.max(0, size - TAIL_BYTES)
    let cut = start > 0 // the first line is then the rest of one
    const input = createReadStream(path, { start })
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      const activity = line.trim() === '' || cut ? undefined : parseActivity(line)
      if (activity && Date.parse(activity.time) >= since) lines.push(activity)
      else if (!activity && line.trim() !== '' && !cut) damaged++
      cut = false
    }
    return ok({ lines, damaged })
  } catch (error) {
    const code = errnoOf(error)
    return code === 'ENOENT' ? ok({ lines, damaged }) : err({ reason: 'io', action: 'read', path, code })
  }
}

/** The end of the log, for somebody who looks again and again. */
export interface Glance {
  /** Changes when the log does. */
  mark: string
  lines: Activity[]
}

/** The newest lines, oldest first, or undefined while the log is as it was at `mark`. No log yet is an empty one. */
export async function glanceAtActivity(path: string, mark: string): Promise<Result<Glance | undefined>> {
  try {
    await using file = await open(path, 'r')
    const { ino, size } = await file.stat()
    const now = `${ino}:${size}`
    if (now === mark) return ok(undefined)
    const start = Math.max(0, size - GLANCE_BYTES)
    const bytes = Buffer.alloc(size - start)
    const { bytesRead } = await file.read(bytes, 0, bytes.length, start)
    const rows = bytes.toString('utf8', 0, bytesRead).split('\n')
    if (start > 0) rows.shift() // the rest of a line
    return ok({ mark: now, lines: rows.flatMap((row) => parseActivity(row) ?? []) })
  } catch (error) {
    const code = errnoOf(error)
    return code === 'ENOENT'
      ? ok(mark === '' ? { mark: 'none', lines: [] } : undefined)
      : err({ reason: 'io', action: 'read', path, code })
  }
}

/**
 * Adds one line, as the holders do: one write, so that two writers never mix. Best effort, since what it tells of has
 * happened anyway. The texts hold names only.
 */
export async function noteActivity(
  path: string,
  line: { event: string; project: string; reason: string },
): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW
  try {
    await using file = await open(path, flags, 0o600)
    const time = utcTime(Date.now())
    await file.write(`${JSON.stringify({ time, ...line })}\n`)
  } catch (error) {
    errnoOf(error) // anything but a refused file operation is a bug
  }
}
