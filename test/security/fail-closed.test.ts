/** Promise 1 of DESIGN §1: nothing starts, and nothing is called done, before it was proved. */

import { spawnSync } from 'node:child_process'
import { existsSync, renameSync, rmSync, symlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { tazpodBinary } from '../support/installed.ts'
import { killed } from '../support/processes.ts'
import { must } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { held } from '../support/story.ts'
import { type Run, run, tazpod } from '../support/tazpod.ts'
import { need, sayWhy } from '../support/tools.ts'
import { asUser, testUid } from '../support/users.ts'

const CONFIG = `version: 1
provider: vault
secrets:
  - { name: TOKEN, file: token }
binds:
  - { path: infra/bound.env, format: dotenv, values: { TOKEN: TOKEN } }
`
const SECRETS = { TOKEN: 'value' }
let scratch: Scratch
let marker: string

beforeEach(async () => {
  scratch = new Scratch()
  marker = join(scratch.home, 'started')
  scratch.file('project/infra/bound.env', '')
  await held(scratch, { config: CONFIG, secrets: SECRETS })
})
afterEach(() => scratch[Symbol.asyncDispose]())

function start(options: Parameters<typeof tazpod>[2] = {}): Promise<Run> {
  return tazpod(scratch, ['exec', '--non-interactive', '--', 'touch', marker], options)
}

/** The command did not start, the exit code is right, and the message leads on. */
function refused(done: Run, status: number, words: RegExp): void {
  expect(existsSync(marker)).toBe(false)
  expect(done.status, done.stderr).toBe(status)
  expect(done.stderr).toMatch(words)
  expect(done.stdout).toBe('')
}

test('control: it starts when nothing is wrong', async () => {
  expect((await start()).status).toBe(0)
  expect(existsSync(marker)).toBe(true)
})

describe('exec starts nothing', () => {
  test('after lock', async () => {
    await must(scratch, ['lock'])
    refused(await start(), 75, /locked(?:.|\n)*tazpod pull/)
  })

  test('when the holder was killed', async () => {
    await killed(scratch.holder()?.pid ?? 0)
    refused(await start(), 75, /locked(?:.|\n)*tazpod pull/)
  })

  test('when tazpod.yaml was changed, or only touched', async () => {
    utimesSync(join(scratch.project, 'tazpod.yaml'), new Date(), new Date())
    expect((await start()).status).toBe(75)
    expect(existsSync(marker)).toBe(false)
  })

  test('when a secret of the command is missing: it is named', async () => {
    const config = `${CONFIG}commands:\n  touch: { secrets: [TOKEN, ABSENT] }\n  sh: { secrets: [TOKEN] }\n`
    const both = config.replace('secrets:\n', 'secrets:\n  - { name: ABSENT, file: absent }\n')
    await held(scratch, { config: both, secrets: SECRETS })
    refused(await start(), 65, /ABSENT/)
    await must(scratch, ['exec', '--', 'sh', '-c', 'true']) // who does not need it is not stopped
  })

  test('when a placeholder holds clear text', async () => {
    scratch.file('project/infra/bound.env', 'TOKEN=clear\n')
    refused(await start(), 65, /clear text/)
  })

  test('when a placeholder is gone, a folder, or a link out of the project', async () => {
    const bound = join(scratch.project, 'infra/bound.env')
    rmSync(bound)
    refused(await start(), 65, /bound\.env/)
    scratch.folder('home/project/infra/bound.env')
    refused(await start(), 65, /bound\.env/)
    rmSync(bound, { recursive: true })
    symlinkSync(scratch.file('outside', ''), bound)
    refused(await start(), 65, /bound\.env/)
  })

  test('when a folder of a bind was replaced by a link', async () => {
    renameSync(join(scratch.project, 'infra'), join(scratch.home, 'moved'))
    symlinkSync(join(scratch.home, 'moved'), join(scratch.project, 'infra'))
    refused(await start(), 65, /bound\.env/)
  })
})

const KEEP_CAPS = ['unshare', '--user', '--map-current-user', '--keep-caps', '--', 'sh', '-c']
const canLimit = works([...KEEP_CAPS, 'echo 0 >/proc/sys/user/max_user_namespaces'])
if (!canLimit)
  sayWhy('a limit of user namespaces can not be set here: that tazpod says how to lift one is not tested')

test.skipIf(!canLimit || !need('setpriv', 'user namespaces that are forbidden'))(
  'without user namespaces it refuses and says how to allow them; it never runs unisolated',
  async () => {
    const drop = 'setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all --'
    const script = `echo 0 >/proc/sys/user/max_user_namespaces && exec ${drop} "$0" exec --non-interactive -- touch "$1"`
    const done = await run(scratch, [...KEEP_CAPS, script, tazpodBinary(), marker])
    refused(done, 71, /user\.max_user_namespaces(?:.|\n)*sysctl/)
  },
)

describe('with little', () => {
  test('16 descriptors are enough, or the refusal says so', async () => {
    const done = await run(scratch, [
      'sh',
      '-c',
      'ulimit -n 16; exec "$0" exec -- touch "$1"',
      tazpodBinary(),
      marker,
    ])
    expect(done, done.stderr).toMatchObject({ status: 0, stderr: '' })
    expect(existsSync(marker)).toBe(true)
  })

  test('closed standard descriptors stay closed, and nothing lands in the wrong file', async () => {
    const script = '"$0" exec -- ls /proc/self/fd <&- 2>&-'
    const ours = await run(scratch, ['sh', '-c', script, tazpodBinary()])
    const bare = await run(scratch, ['sh', '-c', 'ls /proc/self/fd <&- 2>&-'])
    expect(ours.stdout).toBe(bare.stdout)
  })
})

function works(argv: string[]): boolean {
  const [command = '', ...args] = asUser(testUid(), argv)
  return spawnSync(command, args).status === 0
}
