/** Where the machine forbids what tazpod needs, it names the switch, ends with 71, and never runs the command bare. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filled, frameOf, nativeBinary } from '../support/holder.ts'
import { tazpodBinary } from '../support/installed.ts'
import { Scratch } from '../support/scratch.ts'
import { run } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'
import { STRANGER } from '../support/users.ts'

const userNamespaces = need('unshare', 'a machine that forbids user namespaces')
/** Inside a user namespace root may set the limit of its own; what tazpod makes in there counts against it. */
const NONE = 'echo 0 >/proc/sys/user/max_user_namespaces || exit 99'

test.skipIf(!userNamespaces)('no user namespaces: unlocking says which sysctl, no holder stays', async () => {
  await using scratch = new Scratch()
  const frame = scratch.file('frame', frameOf({ secrets: { A: 'a' } }))
  // root in there needs no user namespace, so an ordinary user asks: one without capabilities
  const script = `${NONE}; setpriv --inh-caps=-all --bounding-set=-all -- "$0" ghost put <"$1"; echo "exit $?"`
  const inside = ['unshare', '-U', '--map-current-user', '--keep-caps', 'sh', '-c', script]
  const done = await run(scratch, [...inside, nativeBinary(), frame])
  expect(done.stdout).toBe('exit 71\n')
  expect(done.stderr).toBe(
    'tazpod: this machine forbids user namespaces (user.max_user_namespaces is 0)\n' +
      '  next: sudo sysctl user.max_user_namespaces=15000\n',
  )
  expect(scratch.processes()).toEqual([])
})

test.skipIf(!userNamespaces)('no namespace for the command: 71, and the command does not run', async () => {
  await using scratch = new Scratch()
  await filled(scratch, { secrets: { A: 'a' } })
  const mark = join(scratch.project, 'ran')
  const script = `${NONE}; "$0" exec --non-interactive -- touch "$1"; echo "exit $?"`
  const done = await run(scratch, ['unshare', '-Ur', 'sh', '-c', script, nativeBinary(), mark])
  expect(done.stdout).toBe('exit 71\n')
  expect(done.stderr).toContain('user.max_user_namespaces')
  expect(existsSync(mark)).toBe(false)
})

const LANDLOCK = ['python3', join(import.meta.dirname, '../support/attack/landlock.py')]
const landlock =
  need('python3', 'a Landlock domain') &&
  spawnSync(LANDLOCK[0] ?? '', [LANDLOCK[1] ?? '', 'true']).status === 0
if (!landlock) console.log('no Landlock in this kernel: a shell inside such a sandbox is not tried')

test.skipIf(!landlock)(
  'inside a Landlock domain: 71, a sandbox is named, nothing runs or stays',
  async () => {
    await using scratch = new Scratch()
    const frame = scratch.file('frame', frameOf({ secrets: { A: 'a' } }))
    const words =
      /^tazpod: a sandbox around this shell \(Landlock.*forbids mounts: .*not permitted\n {2}next: the same command outside/
    const put = await run(scratch, [...LANDLOCK, 'sh', '-c', '"$0" ghost put <"$1"', nativeBinary(), frame])
    expect(put.status).toBe(71)
    expect(put.stderr).toMatch(words)
    expect(scratch.processes()).toEqual([])
    await filled(scratch, { secrets: { A: 'a' } })
    const mark = join(scratch.project, 'ran')
    const exec = await run(scratch, [...LANDLOCK, nativeBinary(), 'exec', '--', 'touch', mark])
    expect(exec.status).toBe(71)
    expect(exec.stderr).toMatch(words)
    expect(existsSync(mark)).toBe(false)
    const told = await run(scratch, [...LANDLOCK, tazpodBinary(), 'doctor', '--json'])
    const found = JSON.parse(told.stdout).findings.find((one: { check: string }) => one.check === 'sandbox')
    expect(found).toMatchObject({ state: 'fail', fix: 'use tazpod outside of the sandbox' })
  },
)

test.skipIf(!need('prlimit', 'a view that can not be filled'))(
  'a value that does not fit into the view starts nothing',
  async () => {
    await using scratch = new Scratch()
    await filled(scratch, { secrets: { A: 'a'.repeat(200_000) } })
    const mark = join(scratch.project, 'ran')
    const limited = ['prlimit', '--fsize=100000:100000', nativeBinary(), 'exec', '--', 'touch', mark]
    const done = await run(scratch, limited)
    expect(done.status).not.toBe(0)
    expect(existsSync(mark)).toBe(false)
  },
)

test('a variable that is too large for the kernel starts nothing, and the message says what to do', async () => {
  await using scratch = new Scratch()
  await filled(scratch, {
    secrets: { A: 'a'.repeat(200_000) },
    files: false,
    ops: (entry) => [{ op: 'value', entry: entry('A'), env: 'A' }],
  })
  const mark = join(scratch.project, 'ran')
  const done = await run(scratch, [nativeBinary(), 'exec', '--', 'touch', mark])
  expect(done.status).toBe(126)
  expect(done.stderr).toMatch(/environment is too large .*deliver it as a file/)
  expect(existsSync(mark)).toBe(false)
})

test.skipIf(process.getuid?.() !== 0)(
  'as root it works without a user namespace, for root alone',
  async () => {
    await using scratch = new Scratch(0)
    await filled(scratch, { secrets: { A: 'a' } })
    const exec = [
      nativeBinary(),
      'exec',
      '--',
      'sh',
      '-c',
      'cat "$A_FILE"; readlink /proc/self/ns/user; id -u',
    ]
    const done = await run(scratch, exec)
    const outside = await run(scratch, ['readlink', '/proc/self/ns/user'])
    expect(done.stdout).toBe(`a${outside.stdout}0\n`)
    const status = await run(scratch, [nativeBinary(), 'status', '--json'])
    expect(JSON.parse(status.stdout)).toMatchObject({ isolation: { mode: 'root' } })
    const nested = [nativeBinary(), 'exec', '--', nativeBinary(), 'exec', '--', 'sh', '-c', 'cat "$A_FILE"']
    expect(await run(scratch, nested)).toMatchObject({ status: 0, stdout: 'a', stderr: '' })
    const env = { XDG_RUNTIME_DIR: scratch.runtime }
    const stranger = await run(scratch, [nativeBinary(), 'exec', '--', 'true'], {
      uid: STRANGER,
      cwd: '/',
      env,
    })
    expect(stranger.status).toBe(77)
  },
)
