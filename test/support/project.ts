import { readFileSync } from 'node:fs'
import { createVault } from '../../src/app/vault/create.ts'
import { unlockIdentity, updateVault } from '../../src/app/vault/open.ts'
import type { Scratch } from './scratch.ts'
import { tazpod } from './tazpod.ts'
import { alone, cheapen, setting, VaultFolder, value } from './vault.ts'

/** Strong enough for `vault init`. */
export const PASSPHRASE = 'gravel-onyx-tuba-fjord-91-velvet'

const made = new Map<string, Promise<{ identity: Buffer; vault: Buffer }>>()

/**
 * Gives this person a vault under PASSPHRASE with these secrets. Made once for each set of secrets in a test file and
 * then copied: its key derivation is half a second of work on purpose.
 */
export async function makeVault(scratch: Scratch, secrets: Record<string, string> = {}): Promise<void> {
  const key = JSON.stringify(secrets)
  const files = made.get(key) ?? buildVault(secrets)
  made.set(key, files)
  const { identity, vault } = await files
  scratch.folder('home/.local/share/tazpod')
  scratch.file('.local/share/tazpod/identity.age', identity)
  scratch.file('.local/share/tazpod/vault.age', vault)
}

async function buildVault(secrets: Record<string, string>): Promise<{ identity: Buffer; vault: Buffer }> {
  using folder = new VaultFolder()
  const { place } = folder
  const passphrase = Buffer.from(PASSPHRASE)
  value(await createVault(place, passphrase, {}, alone))
  await cheapen(place.identity, PASSPHRASE)
  const identity = value(await unlockIdentity(place, passphrase))
  value(await updateVault(place, identity, setting(secrets), alone))
  return { identity: readFileSync(place.identity), vault: readFileSync(place.vault) }
}

/** Writes tazpod.yaml into the project folder of this scratch, and trusts it unless `trust` is false. */
export async function makeProject(scratch: Scratch, yaml: string, trust = true): Promise<void> {
  scratch.file('project/tazpod.yaml', yaml, 0o644)
  if (trust) await must(scratch, ['trust', '--yes'])
}

/**
 * When it locks at the latest, in ms since 1970. The status says whole seconds and is late by as long as it takes to
 * come, so that the earliest of several is the closest.
 */
export async function expiry(scratch: Scratch): Promise<number> {
  const ends: number[] = []
  for (let n = 0; n < 5; n++)
    ends.push(Date.parse(JSON.parse(await must(scratch, ['status', '--json'])).expiresAt))
  return Math.min(...ends)
}

/** Runs a command that has to work, and returns what it printed. */
export async function must(
  scratch: Scratch,
  args: readonly string[],
  options: Parameters<typeof tazpod>[2] = {},
): Promise<string> {
  const { status, stdout, stderr } = await tazpod(scratch, args, options)
  if (status !== 0) throw new Error(`tazpod ${args.join(' ')} ended with ${status}:\n${stderr}${stdout}`)
  return stdout
}
