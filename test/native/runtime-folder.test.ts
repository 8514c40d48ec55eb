/** The folder of the socket must be this person's alone; whatever else it is, tazpod says so and does nothing. */
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  filled,
  frameOf,
  heldEntry,
  holderPid,
  native,
  nativeBinary,
  put,
  runtimeOf,
  sh,
} from '../support/holder.ts'
import { killed } from '../support/processes.ts'
import { Scratch } from '../support/scratch.ts'
import { type Run, run } from '../support/tazpod.ts'
import { need, needRoot } from '../support/tools.ts'
import { STRANGER } from '../support/users.ts'

const SET = { secrets: { A: 'a' } }

/** Every verb refuses it: exit 77, with the folder and no secret in the message. */
async function refusedEverywhere(scratch: Scratch, why: RegExp, env = {}): Promise<void> {
  const runs: Run[] = [
    await put(scratch, SET, { env }),
    await sh(scratch, 'touch ran', { env }),
    await native(scratch, ['status'], { env }),
    await native(scratch, ['lock'], { env }),
    await heldEntry(scratch, 'A', { env }),
  ]
  for (const done of runs) {
    expect(done.stderr).toMatch(why)
    expect(done.status).toBe(77)
    expect(done.stdout).toBe('')
  }
  expect(existsSync(join(scratch.project, 'ran'))).toBe(false)
  expect(scratch.processes()).toEqual([])
}

test.each([0o755, 0o701, 0o710, 0o777, 0o1777])('open to others (mode %o): refused', async (mode) => {
  await using scratch = new Scratch()
  chmodSync(scratch.runtime, mode)
  await refusedEverywhere(scratch, /is open to other users \(mode [0-7]{4}\); make it private: chmod 700/)
  chmodSync(scratch.runtime, 0o700)
})

test('a link: refused, also further down', async () => {
  await using scratch = new Scratch()
  const real = scratch.folder('real')
  const link = join(scratch.root, 'link')
  symlinkSync(real, link)
  await refusedEverywhere(scratch, /is a link or not a folder/, { XDG_RUNTIME_DIR: link })
  scratch.folder('elsewhere')
  symlinkSync(join(scratch.root, 'elsewhere'), join(scratch.runtime, 'tazpod'))
  await refusedEverywhere(scratch, /is a link or not a folder/)
  expect(readdirSync(join(scratch.root, 'elsewhere'))).toEqual([])
  rmSync(join(scratch.runtime, 'tazpod'))
  scratch.folder('run/tazpod')
  symlinkSync(join(scratch.root, 'elsewhere'), runtimeOf(scratch))
  await refusedEverywhere(scratch, /is a link or not a folder/)
  rmSync(runtimeOf(scratch))
})

test("a link in the place of the socket's lock is not followed", async () => {
  await using scratch = new Scratch()
  await filled(scratch, SET)
  await native(scratch, ['lock'])
  const lock = join(runtimeOf(scratch), 'lock')
  rmSync(lock)
  symlinkSync(join(scratch.home, 'victim'), lock)
  expect((await put(scratch, SET)).status).toBe(71)
  expect(existsSync(join(scratch.home, 'victim'))).toBe(false)
})

test.skipIf(!needRoot('a runtime folder of somebody else'))('of somebody else: refused', async () => {
  await using scratch = new Scratch()
  chownSync(scratch.runtime, STRANGER, STRANGER)
  chmodSync(scratch.runtime, 0o700)
  await refusedEverywhere(scratch, /belongs to uid 64999, you are \d+\n {2}next: /)
  chownSync(scratch.runtime, scratch.uid, scratch.uid)
  // one level down it can be reached: there it counts as well
  mkdirSync(join(scratch.runtime, 'tazpod'), { mode: 0o700 })
  chownSync(join(scratch.runtime, 'tazpod'), STRANGER, STRANGER)
  await refusedEverywhere(scratch, /belongs to uid 64999/)
})

test('not there, relative or not set: the next place is used, and is private', async () => {
  await using scratch = new Scratch()
  const own = `/tmp/tazpod-${scratch.uid}`
  const before = existsSync(own)
  const folder = existsSync(`/run/user/${scratch.uid}`) ? `/run/user/${scratch.uid}/tazpod` : own
  for (const XDG_RUNTIME_DIR of [join(scratch.root, 'not-there'), 'relative/path', '', undefined]) {
    const env = { XDG_RUNTIME_DIR }
    scratch.file('project/tazpod.yaml', 'version: 1\n') // a compartment that no other test shares
    const where = await native(scratch, ['ghost', 'where'], { env })
    const { runtime, state } = JSON.parse(where.stdout) as { runtime: string; state: string }
    expect(runtime.startsWith(`${folder}/`)).toBe(true)
    expect(state).toBe('locked')
    expect(await put(scratch, SET, { env })).toMatchObject({ status: 0, stderr: '' })
    const { stdout } = await native(scratch, ['lock'], { env })
    expect(stdout).toContain('locked; 1 secret')
    rmSync(runtime, { recursive: true, force: true })
  }
  if (!before) rmSync(own, { recursive: true, force: true })
})

test('the socket of a holder that was killed is taken over', async () => {
  await using scratch = new Scratch()
  for (let round = 0; round < 5; round++) {
    await filled(scratch, { secrets: { A: `${round}` } })
    await killed(holderPid(scratch))
    expect(existsSync(join(runtimeOf(scratch), 'socket'))).toBe(true)
    expect(await sh(scratch, 'true')).toMatchObject({ status: 75 })
    expect((await native(scratch, ['status', '--json'])).stdout).toContain('"state":"locked"')
  }
  await filled(scratch, SET)
  expect((await sh(scratch, 'cat "$A_FILE"')).stdout).toBe('a')
})

test('the runtime folder is moved away while it is unlocked: locked, not half of something', async () => {
  await using scratch = new Scratch()
  await filled(scratch, SET)
  renameSync(join(scratch.runtime, 'tazpod'), join(scratch.runtime, 'moved'))
  expect(await sh(scratch, 'touch ran')).toMatchObject({ status: 75 })
  expect(existsSync(join(scratch.project, 'ran'))).toBe(false)
  renameSync(join(scratch.runtime, 'moved'), join(scratch.runtime, 'tazpod'))
  expect((await sh(scratch, 'cat "$A_FILE"')).stdout).toBe('a')
})

test.skipIf(!need('unshare', 'a full runtime folder'))('full: a message and no holder', async () => {
  await using scratch = new Scratch()
  const frame = scratch.file('frame', frameOf(SET))
  // two inodes are what the folder itself and one file need
  const script =
    'mount -t tmpfs -o nr_inodes=3,mode=700 full "$1" && "$0" ghost put <"$2"; echo "exit $?"; ls -A "$1"'
  const inside = ['unshare', '-Urm', 'sh', '-c', script, nativeBinary(), scratch.runtime, frame]
  const done = await run(scratch, inside)
  expect(done.stdout).toMatch(/^exit 71\n/)
  expect(done.stderr).toMatch(/^tazpod: can't .*No space left on device/)
})

test.skipIf(!need('unshare', 'a runtime folder without exec') || !need('setpriv', 'the same'))(
  'on a file system that executes nothing (noexec): everything works',
  async () => {
    await using scratch = new Scratch()
    const frame = scratch.file('frame', frameOf(SET))
    const drop = 'setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all --'
    const script = `mount -t tmpfs -o noexec,mode=700,uid=$(id -u),gid=$(id -g) none "$1" || exit 99
      ${drop} "$0" ghost put <"$2" && ${drop} "$0" exec -- sh -c 'cat "$A_FILE"'; ${drop} "$0" lock`
    const namespace = ['unshare', '--user', '--map-current-user', '--keep-caps', '--mount']
    const done = await run(scratch, [
      ...namespace,
      'sh',
      '-c',
      script,
      nativeBinary(),
      scratch.runtime,
      frame,
    ])
    expect(done).toMatchObject({ status: 0, stdout: 'alocked; 1 secret wiped\n', stderr: '' })
  },
)
