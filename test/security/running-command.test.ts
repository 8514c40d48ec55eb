/** Who can read a running command: DESIGN §2, row "running child, rootless mode". */
import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { attack, attackAll, successes } from '../support/attack/attacker.ts'
import { canary } from '../support/canary.ts'
import { Scratch } from '../support/scratch.ts'
import { unlocked } from '../support/story.ts'
import { run, startTazpod, tazpod } from '../support/tazpod.ts'
import { need, needRoot } from '../support/tools.ts'
import { until } from '../support/until.ts'
import { STRANGER } from '../support/users.ts'

const secret = canary('granted')
const CONFIG = `version: 1
provider: vault
secrets:
  - { name: TOKEN, file: token, env: TOKEN_FILE }
binds:
  - { path: bound.env, format: dotenv, values: { TOKEN: TOKEN } }
`
const asRoot = needRoot('that a stranger is refused a running command')

describe.skipIf(!need('cc', 'who can read a running command'))('a running command', () => {
  let scratch: Scratch
  let child: ChildProcess
  let pid = 0
  let ghost = ''

  beforeAll(async () => {
    scratch = new Scratch()
    scratch.file('project/bound.env', '')
    await unlocked(scratch, { config: CONFIG, secrets: { TOKEN: secret } })
    const script = 'printf "%s %s " $$ "$TAZPOD_GHOST"; cat "$TOKEN_FILE" bound.env; echo; read wait'
    child = startTazpod(scratch, ['exec', '--', 'sh', '-c', script], { keepStdinOpen: true })
    let out = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk
    })
    expect(await until(() => /TOKEN=.*\n/.test(out), 20_000), out).toBe(true)
    expect(out).toContain(secret)
    pid = Number(out.split(' ')[0])
    ghost = out.split(' ')[1] ?? ''
    // in place: what was started as tazpod is the command itself now
    expect(readFileSync(`/proc/${pid}/comm`, 'utf8')).toBe('sh\n')
  })

  afterAll(async () => {
    child?.stdin?.end()
    await scratch?.[Symbol.asyncDispose]()
  })

  test('is not seen by another process of the same user that does not look into it', async () => {
    const bound = await run(scratch, ['cat', join(scratch.project, 'bound.env')])
    expect(bound).toMatchObject({ status: 0, stdout: '' })
    const listed = await run(scratch, ['find', ghost, '-type', 'f'])
    expect(listed).toMatchObject({ status: 0, stdout: '' })
  })

  test('carries no value in its environment or arguments', () => {
    expect(readFileSync(`/proc/${pid}/environ`).includes(secret)).toBe(false)
    expect(readFileSync(`/proc/${pid}/cmdline`).includes(secret)).toBe(false)
  })

  test.skipIf(!asRoot)('refuses every attempt of another user', () => {
    expect(successes(attackAll(pid, { uid: STRANGER, needle: secret }))).toEqual([])
  })

  // SECURITY.md says so plainly. The day this is refused, the document has to change.
  test('is readable by the same user in rootless mode, as SECURITY.md says', () => {
    const path = `${ghost}/TOKEN/token`.slice(1)
    expect(attack('root', pid, { needle: secret, path })).toMatchObject({ outcome: 'read', found: true })
  })

  test('its view can not be unmounted by whoever joins it with all capabilities', () => {
    for (const path of [ghost, join(scratch.project, 'bound.env')]) {
      expect(attack('unmount', pid, { path }), path).toMatchObject({ outcome: 'refused', detail: 'EINVAL' })
    }
    const still = attack('root', pid, { needle: secret, path: `${ghost}/TOKEN/token`.slice(1) })
    expect(still.found).toBe(true)
  })

  test('nor from inside, with a user namespace of its own', async () => {
    const script =
      'umount -l "$TAZPOD_GHOST" && echo gone; umount -l bound.env && echo gone; cat "$TOKEN_FILE"'
    const tried = await tazpod(scratch, ['exec', '--', 'unshare', '-Urm', 'sh', '-c', script])
    expect(tried.stdout).toBe(secret)
    expect(tried.stderr.match(/umount: .*(not mounted|no mount point|Invalid argument)/g)).toHaveLength(2)
  })
})
