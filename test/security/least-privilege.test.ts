/** Promise 4 of DESIGN §1: a command gets what it is granted, as files, and no power that it did not have. */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tazpodBinary } from '../support/installed.ts'
import { must } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { held } from '../support/story.ts'
import { run, tazpod } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'
import { isRoot } from '../support/users.ts'

const CONFIG = `version: 1
provider: vault
secrets:
  - { name: ONE, file: one, env: ONE_FILE }
  - { name: TWO, file: two, env: TWO_FILE }
  - { name: OPEN, env: OPEN, as: value }
binds:
  - { path: bound.env, format: dotenv, values: { TWO: TWO } }
commands:
  sh: { secrets: [ONE] }
  bash: { secrets: [OPEN], binds: [bound.env] }
`
const SECRETS = { ONE: 'value-of-one', TWO: 'value-of-two', OPEN: 'value-of-open' }
/** Prints everything that a command could have been given. */
const SHOW = 'env; find "$TAZPOD_GHOST" -type f -exec cat {} +; cat bound.env'

let scratch: Scratch
beforeAll(async () => {
  scratch = new Scratch()
  scratch.file('project/bound.env', '')
  await held(scratch, { config: CONFIG, secrets: SECRETS })
})
afterAll(() => scratch[Symbol.asyncDispose]())

describe('what a command can see', () => {
  test('is its own secret, and no other', async () => {
    const seen = await must(scratch, ['exec', '--', 'sh', '-c', SHOW])
    expect(seen).toContain(SECRETS.ONE)
    expect(seen).not.toContain(SECRETS.TWO)
    expect(seen).not.toContain(SECRETS.OPEN)
  })

  test('is in a variable only where the file says so', async () => {
    expect(await must(scratch, ['exec', '--', 'sh', '-c', 'env'])).not.toContain(SECRETS.ONE)
    const seen = await must(scratch, ['exec', '--', 'bash', '-c', SHOW])
    expect(seen).toContain(`OPEN=${SECRETS.OPEN}`)
    expect(seen).toContain(SECRETS.TWO)
    expect(seen).not.toContain(SECRETS.ONE)
  })

  test('is nothing at all where the command is not listed', async () => {
    const files = await must(scratch, ['exec', '--', 'find', '/proc/self/root', '-maxdepth', '0'])
    expect(files).not.toBe('')
    for (const argv of [
      ['env'],
      ['cat', 'bound.env'],
      ['find', scratch.runtime, '-type', 'f', '-size', '+0'],
    ]) {
      const seen = await must(scratch, ['exec', '--', ...argv])
      expect(Object.values(SECRETS).filter((value) => seen.includes(value))).toEqual([])
    }
  })

  test('is decided by the name that is run: a path and a link to the same program have their own', async () => {
    expect(await must(scratch, ['exec', '--', '/bin/sh', '-c', SHOW])).toContain(SECRETS.ONE)
    symlinkSync('/bin/sh', `${scratch.project}/other-name`)
    const seen = await must(scratch, ['exec', '--', './other-name', '-c', SHOW])
    expect(Object.values(SECRETS).filter((value) => seen.includes(value))).toEqual([])
  })

  test('is narrowed by --only, which never widens', async () => {
    const none = await tazpod(scratch, ['exec', '--only', 'TWO', '--', 'sh', '-c', 'echo ran'])
    expect(none.status).toBe(65)
    expect(none.stdout).toBe('')
    expect(none.stderr).toContain('TWO')
    const one = await must(scratch, ['exec', '--only', 'OPEN', '--', 'bash', '-c', SHOW])
    expect(one).toContain(SECRETS.OPEN)
    expect(one).not.toContain(SECRETS.TWO)
  })

  test('does not grow by nesting: the inner command gets its own grant', async () => {
    const inner = `"${tazpodBinary()}" exec -- bash -c '${SHOW}'`
    const seen = await must(scratch, ['exec', '--', 'sh', '-c', inner])
    expect(seen).toContain(SECRETS.OPEN)
    expect(seen).not.toContain('ONE_FILE')
  })
})

test('two commands do not see each other', async () => {
  const script = 'echo mine >"$TAZPOD_GHOST/ONE/left"; ls "$TAZPOD_GHOST/ONE"'
  expect(await must(scratch, ['exec', '--', 'sh', '-c', script])).toBe('left\none\n')
  expect(await must(scratch, ['exec', '--', 'sh', '-c', 'ls "$TAZPOD_GHOST/ONE"'])).toBe('one\n')
})

test('a command has no capability, can gain none, and leaves no core', async () => {
  const status = await must(scratch, ['exec', '--', 'sh', '-c', 'cat /proc/self/status; ulimit -c; umask'])
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'])
    expect(status).toMatch(`${set}:\t0000000000000000`)
  expect(status).toMatch(/^NoNewPrivs:\t1$/m)
  expect(status).toMatch(/\n0\n0077\n$/)
})

const SETCAP = isRoot() && need('setcap', 'a program with file capabilities')
if (!isRoot()) console.log('not root: a program with file capabilities can not be made, and is not tried')

test.skipIf(!SETCAP)('a program with file capabilities starts, and gains none of them', async () => {
  const folder = mkdtempSync('/var/tmp/tz-caps-')
  try {
    chmodSync(folder, 0o755)
    const program = join(folder, 'grep')
    copyFileSync('/bin/grep', program)
    execFileSync('setcap', ['cap_net_raw,cap_ipc_lock=+ep', program])
    const status = await must(scratch, ['exec', '--', program, '', '/proc/self/status'])
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapAmb'])
      expect(status).toMatch(`${set}:\t0000000000000000`)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

const PYTHON = need('python3', 'that a command can not reach the session keyring')
const NUMBERS = process.arch === 'arm64' ? { add: 217, ctl: 219 } : { add: 248, ctl: 250 }
/** A new session keyring with one key; then the given program. */
const WITH_KEY = `
import ctypes, os, sys
c = ctypes.CDLL(None, use_errno=True).syscall
c(${NUMBERS.ctl}, 1, None)
assert c(${NUMBERS.add}, b'user', b'tz-canary', b'held', 4, -3) > 0, os.strerror(ctypes.get_errno())
os.execv(sys.argv[1], sys.argv[1:])
`
/** Looks for that key in the session keyring. */
const FIND_KEY = `
import ctypes
c = ctypes.CDLL(None).syscall
print('found' if c(${NUMBERS.ctl}, 10, -3, b'user', b'tz-canary', 0) > 0 else 'absent')
`

test.skipIf(!PYTHON)(
  'a command does not have the session keyring of the user; control: a bare one does',
  async () => {
    const python = '/usr/bin/python3'
    const bare = await run(scratch, [python, '-c', WITH_KEY, python, '-c', FIND_KEY])
    expect(bare.stdout, bare.stderr).toBe('found\n')
    const ours = await run(scratch, [
      python,
      '-c',
      WITH_KEY,
      tazpodBinary(),
      'exec',
      '--',
      python,
      '-c',
      FIND_KEY,
    ])
    expect(ours.stdout, ours.stderr).toBe('absent\n')
  },
)
