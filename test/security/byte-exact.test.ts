/** Promise 5 of DESIGN §1: what the vault holds is what the child reads. */
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { tazpod } from '../support/tazpod.ts'

const VALUES: Record<string, Buffer> = {
  PEM: Buffer.from(`-----BEGIN KEY-----\n${'QUJD'.repeat(16)}\n-----END KEY-----\n`),
  CRLF: Buffer.from('one\r\ntwo\r\n\r\n'),
  NO_NEWLINE: Buffer.from('x'),
  ONLY_NEWLINES: Buffer.from('\n\n\n'),
  SPACES: Buffer.from('  \t lead and trail \t '),
  UTF8: Buffer.from('pässwörd \u{1f511} \u202e\u0301'),
  SHELL: Buffer.from(`$(id) \`id\` "'\\ $${'{HOME}'} %s %n !! ~ * ; | & > <`),
  BYTES: Buffer.from(Array.from({ length: 255 }, (_, i) => i + 1)),
  LARGE: Buffer.from(randomBytes(900 * 1024).map((byte) => byte || 1)),
}
const NAMES = Object.keys(VALUES)
/** These travel in the environment too, from a second secret of the same bytes. */
const IN_ENVIRONMENT = ['UTF8', 'SHELL', 'CRLF']
const CONFIG = `version: 1
provider: vault
secrets:
${NAMES.map((name) => `  - { name: ${name}, file: ${name.toLowerCase()}, env: FILE_${name} }`).join('\n')}
${IN_ENVIRONMENT.map((name) => `  - { name: ENV_${name}, env: VALUE_${name}, as: value }`).join('\n')}
`

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
let scratch: Scratch

beforeAll(async () => {
  scratch = new Scratch()
  await must(scratch, ['vault', 'init'], { passphrase: PASSPHRASE })
  for (const [name, stdin] of Object.entries(VALUES)) {
    await must(scratch, ['vault', 'set', name], { passphrase: PASSPHRASE, stdin })
  }
  for (const name of IN_ENVIRONMENT) {
    await must(scratch, ['vault', 'set', `ENV_${name}`], {
      passphrase: PASSPHRASE,
      stdin: VALUES[name] ?? '',
    })
  }
  scratch.file('project/tazpod.yaml', CONFIG, 0o644)
  await must(scratch, ['trust', '--yes'])
  await must(scratch, ['pull'], { passphrase: PASSPHRASE })
}, 120_000)
afterAll(() => scratch[Symbol.asyncDispose]())

test.each(NAMES)('%s arrives byte for byte in its file', async (name) => {
  const read = await tazpod(scratch, ['exec', '--', 'sh', '-c', `cat "$FILE_${name}"`])
  expect(read.status, read.stderr).toBe(0)
  expect(read.stdoutBytes.length).toBe(VALUES[name]?.length)
  expect(sha256(read.stdoutBytes)).toBe(sha256(VALUES[name] ?? Buffer.alloc(0)))
})

test.each(IN_ENVIRONMENT)('%s arrives byte for byte in its variable', async (name) => {
  const read = await tazpod(scratch, ['exec', '--', 'sh', '-c', `printf %s "$VALUE_${name}"`])
  expect(read.stdoutBytes.equals(VALUES[name] ?? Buffer.alloc(0)), read.stdout).toBe(true)
})

test('each file is 0600 in a folder of its own, 0700, that can be written', async () => {
  const script =
    'stat -c "%a %u" "$FILE_PEM" "$(dirname "$FILE_PEM")" && touch "$FILE_PEM.lock" && echo more >>"$FILE_PEM"'
  const modes = await tazpod(scratch, ['exec', '--', 'sh', '-c', script])
  expect(modes).toMatchObject({ status: 0, stdout: `600 ${scratch.uid}\n700 ${scratch.uid}\n` })
})

test('what one command writes to its files, the next one does not see', async () => {
  await must(scratch, ['exec', '--', 'sh', '-c', 'echo changed >"$FILE_PEM"'])
  const next = await tazpod(scratch, ['exec', '--', 'sh', '-c', 'cat "$FILE_PEM"'])
  expect(next.stdoutBytes.equals(VALUES.PEM ?? Buffer.alloc(0))).toBe(true)
})
