/** $TAZPOD_GHOST/work: shared by the commands of one unlock, seen by nobody else, empty after lock. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { filled, native, nativeBinary, runtimeOf, sh } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'
import { until } from '../support/until.ts'

const SET = { secrets: { A: 'a' } }

test('commands of one unlock share it, also from within each other; outside it is empty', async () => {
  await using scratch = new Scratch()
  await filled(scratch, SET)
  expect(
    (await sh(scratch, 'cd "$TAZPOD_GHOST/work" && echo one >x && mkdir -p d/e && echo two >d/e/y')).status,
  ).toBe(0)
  const tz = nativeBinary()
  expect((await sh(scratch, 'cat "$TAZPOD_GHOST/work/x"')).stdout).toBe('one\n')
  expect((await sh(scratch, `'${tz}' exec -- sh -c 'cat "$TAZPOD_GHOST/work/d/e/y"'`)).stdout).toBe('two\n')
  const inside = await sh(scratch, `cd "$TAZPOD_GHOST/work" && '${tz}' exec -- sh -c 'echo three >z; pwd'`)
  expect(inside.stdout).toBe(`${runtimeOf(scratch)}/ghost/work\n`)
  expect((await sh(scratch, 'cat "$TAZPOD_GHOST/work/z"; stat -c "%a %u" "$TAZPOD_GHOST/work"')).stdout).toBe(
    `three\n700 ${scratch.uid}\n`,
  )
  expect(readdirSync(join(runtimeOf(scratch), 'ghost'))).toEqual([])
  await filled(scratch, SET) // a refresh is the same unlock
  expect((await sh(scratch, 'cat "$TAZPOD_GHOST/work/x"')).stdout).toBe('one\n')
  await native(scratch, ['lock'])
  await filled(scratch, SET)
  expect((await sh(scratch, 'ls -A "$TAZPOD_GHOST/work"')).stdout).toBe('')
})

test('lock empties it for the command that still runs, which keeps its own files', async () => {
  await using scratch = new Scratch()
  await filled(scratch, SET)
  const fill =
    'cd "$TAZPOD_GHOST/work"; i=0; while [ $i -lt 300 ]; do echo $i >f$i; i=$((i+1)); done; mkdir -p a/b/c; echo >a/b/c/d; ln -s / link'
  const wait =
    'cd /; echo >"$1/started"; until [ -e "$1/go" ]; do sleep 0.05; done; ls -A "$TAZPOD_GHOST/work"; cat "$A_FILE"'
  const child = native(scratch, ['exec', '--', 'sh', '-c', `${fill}; ${wait}`, 'sh', scratch.project])
  expect(await until(() => existsSync(join(scratch.project, 'started')))).toBe(true)
  const locked = await native(scratch, ['lock', '--json'])
  expect(JSON.parse(locked.stdout)).toMatchObject({ state: 'locked', wiped: 1, running: [{ command: 'sh' }] })
  scratch.file('project/go', '')
  expect(await child).toMatchObject({ status: 0, stdout: 'a' })
  expect(existsSync('/etc/passwd')).toBe(true) // the link was removed, not followed
})

test('what one command writes beside its secrets, no other one sees', async () => {
  await using scratch = new Scratch()
  await filled(scratch, SET)
  await sh(scratch, 'echo mine >"$TAZPOD_GHOST/A/x"; echo top >"$TAZPOD_GHOST/y"')
  expect((await sh(scratch, 'ls -A "$TAZPOD_GHOST" "$TAZPOD_GHOST/A" | tr "\\n" " "')).stdout).toMatch(
    /^\S+:? \.outer A work {2}\S+:? v $/,
  )
})
