/** A bind covers an empty placeholder below the project, and nothing else. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { filled, native, nativeBinary, sessionOf, sh } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'

const SECRET = 'token = "bound value"\n'
let scratch: Scratch
let mark = ''

beforeEach(() => {
  scratch = new Scratch()
  mark = join(scratch.project, 'ran')
  scratch.file('project/tazpod.yaml', 'version: 1\n', 0o644)
})

afterEach(() => scratch[Symbol.asyncDispose]())

/** A set whose plan binds `target`, absolute or below the project. */
async function bound(target: string, mode = 0o600): Promise<string> {
  const path = target.startsWith('/') ? target : join(scratch.project, target)
  await filled(scratch, {
    secrets: { B: SECRET },
    files: false,
    ops: (entry) => [{ op: 'bind', entry: entry('B'), target: path, mode }],
    session: sessionOf(scratch.project),
  })
  return path
}

test.each([0o600, 0o400, 0o700])('an empty file is covered for the command alone (mode %o)', async (mode) => {
  const path = scratch.file('project/infra/x.tfvars', '', 0o644)
  await bound('infra/x.tfvars', mode)
  const seen = await sh(scratch, 'cat infra/x.tfvars; stat -c %a infra/x.tfvars')
  expect(seen.stdout).toBe(`${SECRET}${mode.toString(8)}\n`)
  expect(seen.stderr).toBe('')
  expect(readFileSync(path, 'utf8')).toBe('')
})

test('what the command writes there goes into memory; the way of an editor fails instead of leaving a copy', async () => {
  const path = scratch.file('project/x.env', '')
  await bound('x.env')
  const script =
    'echo more >>x.env; cat x.env; mv x.env y.env 2>/dev/null && echo moved; rm x.env 2>/dev/null && echo removed'
  expect((await sh(scratch, script)).stdout).toBe(`${SECRET}more\n`)
  expect(readFileSync(path, 'utf8')).toBe('')
})

test('a nested command has it again, although the outer one covers it', async () => {
  scratch.file('project/x.env', '')
  await bound('x.env')
  const nested = await sh(scratch, `'${nativeBinary()}' exec -- '${nativeBinary()}' exec -- cat x.env`)
  expect(nested).toMatchObject({ status: 0, stdout: SECRET, stderr: '' })
})

const BAD: [string, (path: string) => void, RegExp][] = [
  ['holds clear text', (path) => writeFileSync(path, 'password=hunter2\n'), /holds clear text on the disk/],
  ['is missing', () => undefined, /can't be opened: No such file/],
  ['is a link', (path) => symlinkSync('/etc/hostname', path), /can't be opened: Too many levels/],
  ['is a link to nothing', (path) => symlinkSync('gone', path), /can't be opened/],
  ['is a folder', (path) => mkdirSync(path), /is not a regular file/],
]

test.each(BAD)('a placeholder that %s: refused, nothing starts', async (_what, make, why) => {
  make(await bound('x.env'))
  const done = await sh(scratch, `touch '${mark}'`)
  expect(done.status).toBe(65)
  expect(done.stderr).toMatch(why)
  expect(existsSync(mark)).toBe(false)
})

test('a fifo is refused without waiting for its other end', async () => {
  await bound('x.env')
  const { spawnSync } = await import('node:child_process')
  spawnSync('mkfifo', [join(scratch.project, 'x.env')])
  expect(await sh(scratch, 'true')).toMatchObject({ status: 65, timedOut: false })
})

test('a target outside the project, or behind a link, is refused', async () => {
  const outside = scratch.file('outside.env', '')
  scratch.folder('home/elsewhere')
  scratch.file('elsewhere/x.env', '')
  symlinkSync('../elsewhere', join(scratch.project, 'sub'))
  for (const target of [
    outside,
    `${scratch.project}/../outside.env`,
    `${scratch.project}-other/x.env`,
    `${scratch.project}//${outside}`,
    `${scratch.project}/sub/x.env`,
    `${scratch.project}`,
    `${scratch.project}/`,
  ]) {
    await bound(target)
    const done = await sh(scratch, `touch '${mark}'`)
    expect([target, done.status === 65 || done.status === 77]).toEqual([target, true])
    expect(done.stderr).not.toBe('')
    expect(existsSync(mark)).toBe(false)
  }
})

test('a placeholder in a folder that can not be entered is refused', async () => {
  scratch.file('project/shut/x.env', '')
  await bound('shut/x.env')
  chmodSync(join(scratch.project, 'shut'), 0)
  const done = await sh(scratch, `touch '${mark}'`)
  chmodSync(join(scratch.project, 'shut'), 0o700)
  rmSync(join(scratch.project, 'shut'), { recursive: true })
  // inside its namespace the client has the right to look anyway: then it is covered, and that is as good
  expect([0, 65]).toContain(done.status)
})

test('the config has changed since: 75 where nobody can be asked, and nothing starts', async () => {
  scratch.file('project/x.env', '')
  await bound('x.env')
  expect((await sh(scratch, 'true')).status).toBe(0)
  scratch.file('project/tazpod.yaml', 'version: 1\n# other\n', 0o644)
  const done = await native(scratch, ['exec', '--non-interactive', '--', 'touch', mark])
  expect(done.status).toBe(75)
  expect(done.stderr).toContain('next:')
  expect(existsSync(mark)).toBe(false)
})
