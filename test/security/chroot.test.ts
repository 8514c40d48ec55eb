/** Promise 6: a command runs where it was typed. A chroot is not left through the namespaces of a session outside. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect, test } from 'vitest'
import { filled, frameOf, nativeBinary } from '../support/holder.ts'
import { installedRoot, tazpodBinary } from '../support/installed.ts'
import { Scratch } from '../support/scratch.ts'
import { need } from '../support/tools.ts'
import { isRoot, testUid } from '../support/users.ts'

const POSSIBLE = isRoot() && need('unshare', 'exec from inside a chroot')
if (!isRoot()) console.log('not root: a chroot can not be made, and exec from inside one is not tried')

/** Runs `inside` (of sh) as the ordinary user in a chroot into a plain folder that shares the host's programs. */
function jailed(scratch: Scratch, inside: string, args: string[]) {
  const jail = mkdtempSync('/var/tmp/tz-jail-') // its mounts are in a namespace that ends with the command
  const shared = [dirname(nativeBinary()), scratch.root, installedRoot()]
  const script = `set -e
jail=$1; shift
mkdir -p "$jail/usr" "$jail/proc" "$jail/dev" "$jail$1" "$jail$2" "$jail$3"
for one in bin lib lib64; do ln -s "usr/$one" "$jail/$one"; done
for one in /usr /proc /dev "$1" "$2" "$3"; do mount --rbind "$one" "$jail$one"; done
printf '#!/bin/sh\\necho inside\\n' >"$jail/xtool"
chmod 755 "$jail" "$jail/xtool"
shift 3
exec chroot --userspec=${testUid()}:${testUid()} "$jail" /bin/sh -c 'cd "$1" && shift && ${inside}' sh "$@"
`
  const all = [jail, ...shared, scratch.project, ...args]
  const done = spawnSync('unshare', ['-m', 'sh', '-c', script, 'sh', ...all], {
    env: { ...scratch.env },
    encoding: 'utf8',
  })
  rmSync(jail, { recursive: true })
  return done
}

test.skipIf(!POSSIBLE)(
  'exec from inside a chroot is refused: it would run a program of the host',
  async () => {
    await using scratch = new Scratch()
    await filled(scratch, { secrets: { A: 'a' } })
    const done = jailed(scratch, '"$1" exec --non-interactive -- /xtool', [nativeBinary()])
    expect(done.stderr).toContain('this is a chroot or a container')
    expect([done.status, done.stdout]).toEqual([77, ''])
  },
)

test.skipIf(!POSSIBLE)('what can not work inside a chroot names it: unlocking, and doctor', async () => {
  await using scratch = new Scratch()
  const frame = scratch.file('frame', frameOf({ secrets: { A: 'a' } }))
  const put = jailed(scratch, '"$1" ghost put <"$2"', [nativeBinary(), frame])
  expect([put.status, put.stderr]).toEqual([
    71,
    "tazpod: this is a chroot, in which Linux makes no user namespace (can't create a user namespace)\n" +
      '  next: tazpod pull outside of the chroot\n',
  ])
  const doctor = jailed(scratch, '"$1" doctor --json', [tazpodBinary()])
  const { findings } = JSON.parse(doctor.stdout)
  expect(findings.find((one: { check: string }) => one.check === 'chroot')).toMatchObject({ state: 'fail' })
})
