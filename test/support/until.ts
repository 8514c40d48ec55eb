import { setTimeout as pause } from 'node:timers/promises'

/**
 * Polls `done` until it holds or `timeout` ms have passed, with pauses that grow from 1 to 25 ms.
 * @returns whether it came to hold
 */
export async function until(done: () => boolean | Promise<boolean>, timeout = 10_000): Promise<boolean> {
  const end = Date.now() + timeout
  for (let wait = 1; ; wait = Math.min(wait * 2, 25)) {
    if (await done()) return true
    if (Date.now() >= end) return false
    await pause(wait)
  }
}
