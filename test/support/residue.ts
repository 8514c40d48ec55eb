import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { canary, scan } from './canary.ts'
import { PASSPHRASE } from './project.ts'
import { Scratch } from './scratch.ts'

/** A project that hands its secrets on in each way. */
export const ALL_WAYS = `version: 1
provider: vault
secrets:
  - { name: TOKEN, file: token, env: TOKEN_FILE }
  - { name: PLAIN, env: PLAIN, as: value }
binds:
  - { path: bound.env, format: dotenv, values: { TOKEN: TOKEN } }
`

/** A person with a project of `ALL_WAYS` to come, its secrets, and what of them lies on a disk since. */
export function watchedScratch(): {
  scratch: Scratch
  secrets: Record<string, string>
  remains: () => string[]
} {
  const started = Date.now()
  const scratch = new Scratch()
  const secrets = { TOKEN: canary('token'), PLAIN: canary('plain') }
  scratch.file('project/bound.env', '')
  return { scratch, secrets, remains: () => residue(scratch, secrets, started) }
}

/**
 * Where one of these secrets, or the passphrase, lies on a disk after `started` (ms since 1970): places and forms, for a
 * person to read. Empty: nowhere.
 */
function residue(scratch: Scratch, secrets: Record<string, string>, started: number): string[] {
  const places = [
    scratch.root,
    '/dev/shm',
    ...strays(scratch, '/tmp', started),
    ...strays(scratch, '/var/tmp', started),
  ]
  const found = scan(places, [...Object.values(secrets), PASSPHRASE])
  return found.map((hit) => `${hit.path} (${hit.form})`)
}

/** What this person has put there since the test began: a program that forgets TMPDIR. Not the folders of other tests. */
function strays(scratch: Scratch, folder: string, started: number): string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith('tz-'))
    .map((name) => join(folder, name))
    .filter((path) => {
      const stat = lstatSync(path, { throwIfNoEntry: false })
      return stat !== undefined && stat.uid === scratch.uid && stat.ctimeMs >= started
    })
}
