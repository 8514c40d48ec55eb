/** "Locked" is said only where nothing is held: a session that lost its folder, its socket or its project ends. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { hastyBinary } from '../support/double.ts'
import { filled, frameOf, holderPid, native, reasonsOf, runtimeOf, sessionOf } from '../support/holder.ts'
import { tazpodBinary } from '../support/installed.ts'
import { Scratch } from '../support/scratch.ts'
import { run } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'
import { until } from '../support/until.ts'

const SET = { secrets: { A: 'a' } }
const ended = (scratch: Scratch): Promise<boolean> => until(() => scratch.processes().length === 0, 10_000)

test.each<[string, (folder: string) => void]>([
  ['the socket is removed', (folder) => rmSync(join(folder, 'socket'))],
  ['the socket is moved', (folder) => renameSync(join(folder, 'socket'), join(folder, 'other'))],
  ['the folder is moved', (folder) => renameSync(folder, `${folder}-moved`)],
])('%s: the holder wipes itself', async (_what, harm) => {
  await using scratch = new Scratch()
  await filled(scratch, SET)
  harm(runtimeOf(scratch))
  expect(await ended(scratch)).toBe(true)
  expect(reasonsOf(scratch, 'lock')).toEqual(['its runtime folder or socket is gone'])
})

test('lock ends a holder that it cannot reach, and says so', async () => {
  await using scratch = new Scratch()
  await filled(scratch, SET)
  const pid = holderPid(scratch)
  process.kill(pid, 'SIGSTOP') // else it is gone before anybody asks
  rmSync(join(runtimeOf(scratch), 'socket'))
  const locked = await native(scratch, ['lock'])
  expect(locked.stdout).toContain(`was out of reach (pid ${pid}, `)
  expect(locked.stdout).not.toContain('already')
  expect(locked.status).toBe(0)
  expect(await ended(scratch)).toBe(true)
  expect((await native(scratch, ['lock'])).stdout).toBe('locked already\n')
})

test('a project that is deleted locks itself; one that is renamed goes on', async () => {
  await using scratch = new Scratch()
  const project = scratch.addProject('other')
  writeFileSync(join(project, 'tazpod.yaml'), 'version: 1\n')
  await filled(scratch, { ...SET, session: sessionOf(project) }, { cwd: project })
  const moved = `${project}-moved`
  renameSync(project, moved)
  expect((await native(scratch, ['status', '--json'], { cwd: moved })).stdout).toContain('"unlocked"')
  rmSync(moved, { recursive: true })
  expect(await ended(scratch)).toBe(true)
  expect(reasonsOf(scratch, 'lock')).toEqual(["the project's folder is gone"])
})

// In a PID namespace of its own: --all means every session of this user, the other tests' as well.
test.skipIf(!need('unshare', 'lock --all'))('status --all and lock --all find every session', async () => {
  await using scratch = new Scratch()
  const script = `set -eu
tazpod=$1; shift
for p in one two; do mkdir "$p"; printf 'version: 1\\n' >"$p/tazpod.yaml"; done
for p in one two; do (cd "$p" && "$tazpod" ghost put <"$1"); done
"$tazpod" status --all
rm -r two
cd one; rm -r ../one
"$tazpod" lock --all
"$tazpod" status --all`
  const frame = join(scratch.root, 'frame')
  writeFileSync(frame, frameOf(SET), { mode: 0o644 })
  const unshare = [
    'unshare',
    '--user',
    '--map-current-user',
    '--pid',
    '--fork',
    '--mount-proc',
    '--kill-child',
  ]
  const done = await run(scratch, [...unshare, 'sh', '-c', script, 'sh', tazpodBinary(), frame])
  expect(done.stderr).toBe('')
  expect(done.stdout.match(/^unlocked {2}.*1 secret, /gm)).toHaveLength(2)
  expect(done.stdout.match(/^locked {2}.*1 secret wiped$/gm)).toHaveLength(2)
  expect(done.stdout).toMatch(/nothing is unlocked\n$/)
})

test.each<[string, string, (scratch: Scratch, project: string) => void]>([
  [
    'its runtime folder or socket is gone',
    'a folder above the runtime folder is moved',
    (scratch) => {
      const { runtime } = scratch
      renameSync(runtime, `${runtime}-moved`)
      mkdirSync(runtime, { mode: 0o700 })
      scratch.own(runtime)
    },
  ],
  [
    "the project's folder is gone",
    'a folder above the project is deleted',
    (_, project) => {
      rmSync(dirname(project), { recursive: true })
    },
  ],
])('%s: found by a look where no event tells (%s)', async (reason, _what, harm) => {
  const hasty = hastyBinary()
  if (hasty === undefined) return
  await using scratch = new Scratch()
  const project = scratch.addProject('above/project')
  writeFileSync(join(project, 'tazpod.yaml'), 'version: 1\n')
  const frame = scratch.file('frame', frameOf({ ...SET, session: sessionOf(project) }))
  const put = await run(scratch, ['sh', '-c', '"$0" ghost put <"$1"', hasty, frame], { cwd: project })
  expect(put.stderr).toBe('')
  harm(scratch, project)
  expect(await ended(scratch)).toBe(true)
  expect(reasonsOf(scratch, 'lock')).toEqual([reason])
})

test('status of a session that can not be reached is unknown, exit code 71, with the next command', async () => {
  await using scratch = new Scratch()
  await filled(scratch, SET)
  const pid = holderPid(scratch)
  process.kill(pid, 'SIGSTOP')
  rmSync(join(runtimeOf(scratch), 'socket'))
  try {
    const asked = () => native(scratch, ['status', '--json'])
    // A younger holder may not listen yet (holders.c, 10 s): until then nothing is said of it.
    expect(await until(async () => (await asked()).status === 71, 45_000)).toBe(true)
    expect(JSON.parse((await asked()).stdout).state).toBe('unknown')
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  expect(await ended(scratch)).toBe(true)
})
