/** The holder's secrets can't be read by another process: DESIGN §2, row "agent at rest". */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Attempt, attackAll, successes } from '../support/attack/attacker.ts'
import { canary } from '../support/canary.ts'
import { Scratch } from '../support/scratch.ts'
import { unlocked } from '../support/story.ts'
import { run } from '../support/tazpod.ts'
import { need, needRoot } from '../support/tools.ts'
import { STRANGER } from '../support/users.ts'

const secret = canary('held')
const CONFIG = `version: 1
provider: vault
secrets:
  - { name: TOKEN, file: token }
`
const asRoot = needRoot("that root and a stranger can't read the secrets of a holder")

describe.skipIf(!need('cc', "that the holder can't be read"))('the holder at rest', () => {
  let scratch: Scratch
  let pid = 0

  beforeAll(async () => {
    scratch = new Scratch()
    await unlocked(scratch, { config: CONFIG, secrets: { TOKEN: secret } })
    pid = scratch.holder()?.pid ?? 0
    expect(pid).toBeGreaterThan(1)
  })

  afterAll(async () => {
    await scratch[Symbol.asyncDispose]()
  })

  // The control, that each attempt works on an unprotected process, is test/support/attack/attacker.test.ts.
  test('refuses every attempt of the same user', () => {
    expect(successes(attackAll(pid, { uid: scratch.uid, needle: secret }))).toEqual([])
  })

  test.skipIf(!asRoot)('refuses every attempt of another user', () => {
    expect(successes(attackAll(pid, { uid: STRANGER, needle: secret }))).toEqual([])
  })

  test.skipIf(!asRoot)('does not show the secret to root', () => {
    const attempts: Attempt[] = attackAll(pid, { uid: 0, needle: secret })
    expect(attempts.filter((a) => a.found)).toEqual([])
    // root does get in: the memory of the secrets is what stays shut
    expect(attempts.find((a) => a.attack === 'mem')).toMatchObject({ outcome: 'read', found: false })
  })

  test.skipIf(!asRoot)('does not answer another user', async () => {
    const env = { XDG_RUNTIME_DIR: scratch.runtime }
    const asked = await run(scratch, ['python3', '-c', ASK, scratch.runtime], {
      uid: STRANGER,
      cwd: '/',
      env,
    })
    expect(asked.stdout).toBe('PermissionError\n')
  })

  test('has no secret in its arguments, and neither has any other process', async () => {
    const all = await run(scratch, ['sh', '-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null'])
    expect(all.stdoutBytes.length).toBeGreaterThan(100)
    expect(all.stdoutBytes.includes(secret)).toBe(false)
  })
})

/** Looks for any socket below the folder and connects to it. */
const ASK = `
import os, socket, sys
try:
    for at, folders, files in os.walk(sys.argv[1], onerror=lambda e: (_ for _ in ()).throw(e)):
        for name in files:
            s = socket.socket(socket.AF_UNIX); s.connect(os.path.join(at, name)); print('connected')
except OSError as e:
    print(type(e).__name__)
`
