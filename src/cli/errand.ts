import type { Errand } from '../app/provider/infisical/once.ts'
import { lazyProgress } from './progress.ts'
import { trustLines } from './trust-lines.ts'

/** What a command that asks the server itself brings along. */
export function errandHere(): Errand {
  const { update, done } = lazyProgress('infisical')
  return { env: process.env, cwd: process.cwd(), renderTrust: trustLines, progress: update, done }
}
