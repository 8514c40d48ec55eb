import type { Errand } from '../app/provider/infisical/once.ts'
import { type AskingFlags, callerOf } from './caller.ts'
import { lazyProgress } from './progress.ts'
import { trustLines } from './trust-lines.ts'

/** What a command that may have to ask the server itself brings along. It may open the vault more than once. */
export function errandOf(flags: AskingFlags): Errand {
  const { update, done } = lazyProgress('infisical')
  return { ...callerOf(flags), kept: {}, renderTrust: trustLines, progress: update, done }
}
