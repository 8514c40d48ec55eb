/** What the tests of tazpod vault share. */
import { vi } from 'vitest'
import type { Scratch } from '../support/scratch.ts'
import { type RunOptions, tazpod } from '../support/tazpod.ts'

// Key derivations are slow on purpose, and slower on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

export const PASSPHRASE = 'gravel-onyx-tuba-fjord-91'
export const BYTES = Buffer.from('-----BEGIN KEY-----\r\nä\0\xff\n', 'latin1')

/** `tazpod vault ARGS` with the passphrase on a descriptor. */
export function vault(scratch: Scratch, args: string[], options: RunOptions = {}) {
  return tazpod(scratch, ['vault', ...args], { passphrase: PASSPHRASE, ...options })
}
