/** Every bad state of the vault's files, as a person meets it: at `pull`, with the exit code, the reason and what next. */
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { tazpod } from '../support/tazpod.ts'

type Spoil = (file: string, scratch: Scratch) => void

const replaced = (content: string | Buffer): Spoil => {
  return (file) => writeFileSync(file, content)
}
const flipped: Spoil = (file) => {
  const bytes = readFileSync(file)
  bytes[bytes.length - 20]! ^= 0x10
  writeFileSync(file, bytes)
}
const linked: Spoil = (file) => {
  renameSync(file, `${file}.real`)
  symlinkSync(`${file}.real`, file)
}
const folder: Spoil = (file, scratch) => {
  rmSync(file)
  mkdirSync(file, { mode: 0o700 })
  scratch.own(file)
}
/** Of a vault of somebody else, under the same passphrase. */
const foreign: Spoil = (file, scratch) => {
  writeFileSync(file, readFileSync(join(scratch.home, 'other.age')))
}

const CUT = 'its content was changed or cut off'

test.each<[string, 'vault.age' | 'identity.age', Spoil, number, RegExp]>([
  ['cut off', 'vault.age', (file) => truncateSync(file, 300), 65, new RegExp(CUT)],
  ['with a flipped bit', 'vault.age', flipped, 65, new RegExp(CUT)],
  ['of 0 bytes', 'vault.age', replaced(''), 65, /is damaged: .*empty/],
  ['that is no age file', 'vault.age', replaced('hello\n'), 65, /is damaged: it is not an age file/],
  ['of another vault', 'vault.age', foreign, 65, /does not belong to .*identity\.age/],
  ['of 100 MB', 'vault.age', (file) => truncateSync(file, 100_000_000), 65, /is 95 MiB; at most \d+ MiB fit/],
  ['that others may read', 'vault.age', (file) => chmodSync(file, 0o644), 77, /next: chmod 600 /],
  ['that is a link', 'vault.age', linked, 77, /it is a symbolic link/],
  ['that is a folder', 'vault.age', folder, 77, /it is a folder, not a file/],
  [
    'that is missing',
    'vault.age',
    (file) => rmSync(file),
    65,
    /there is no vault at .*\n {2}next: tazpod vault init/,
  ],
  ['cut off', 'identity.age', (file) => truncateSync(file, 100), 65, /identity\.age is damaged/],
  ['of 0 bytes', 'identity.age', replaced(''), 65, /identity\.age is damaged/],
  ['that others may read', 'identity.age', (file) => chmodSync(file, 0o640), 77, /next: chmod 600 /],
  ['that is a link', 'identity.age', linked, 77, /it is a symbolic link/],
  [
    'that is missing',
    'identity.age',
    (file) => rmSync(file),
    65,
    /put it back from a backup, or use the recovery key/,
  ],
])('a file %s (%s): pull says so, and stays locked', async (_what, name, spoil, status, words) => {
  await using scratch = new Scratch()
  await makeVault(scratch, { OTHER: 'y' })
  const file = join(scratch.data, 'tazpod', name)
  renameSync(file, join(scratch.home, 'other.age'))
  await makeVault(scratch, { A: 'value-canary' })
  spoil(file, scratch)
  const done = await tazpod(scratch, ['pull'], { passphrase: PASSPHRASE })
  expect(done.stderr).toMatch(words)
  expect(done).toMatchObject({ status, stdout: '' })
  expect(done.stderr).not.toContain('canary')
  expect(JSON.parse(await must(scratch, ['status', '--json'])).state).toBe('locked')
})
