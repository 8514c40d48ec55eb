import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { lockOn, type Where } from '../../adapters/holder/client.ts'
import { failureText } from '../../core/failure/words.ts'
import type { LockEvent } from '../../core/grant/model.ts'

/**
 * Has the session that was just unlocked locked on the events that the project names. Returns what a person must know:
 * an event that nobody will tell of is no reason to unlock nothing.
 */
export async function lockOnEvents(here: Where, events: readonly LockEvent[]): Promise<string[]> {
  // Nothing is wanted, and nothing is there from an earlier content of tazpod.yaml: no process is started for that.
  if (events.length === 0 && !existsSync(join(here.runtime, 'sentinel'))) return []
  const done = await lockOn(events)
  return done.ok ? [] : [`session.lockOn: ${failureText(done.error).message}`]
}
