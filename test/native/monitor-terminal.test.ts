/** The monitor belongs to no terminal, with `scope: terminal` too: what it starts asks over a connection of its own. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Double } from '../support/double.ts'
import { type Filling, frameOf, reasonsOf, runtimeOf } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'
import { KEY, Terminal } from '../support/terminal.ts'
import { until } from '../support/until.ts'

const set = (value: string, session: Filling['session']): Filling => ({
  secrets: { A: value },
  internal: { '@identity': 'key', '@revoke': 'token' },
  session: { scope: 'terminal', ...session },
})

/** Fields 5 to 7 of /proc/PID/stat: process group, session, terminal. */
function placeOf(pid: number): { group: number; session: number; terminal: number } {
  const [, , group, session, terminal] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
    .map(Number)
  return { group: group ?? 0, session: session ?? 0, terminal: terminal ?? 0 }
}

const refreshes = (scratch: Scratch): unknown[] => reasonsOf(scratch, 'refresh')

test('it goes on when the terminal that gave the passphrase is gone, until the lock', async () => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  double.does('pull', { get: '@identity', put: set('new', { refresh: 2, cause: 'refresh' }) })
  const frame = scratch.file('frame', frameOf(set('old', { refresh: 1 })))
  const first = new Terminal(scratch, ['sh'], { env: { PS1: '$ ' } })
  first.line(`${double.binary} ghost put <${frame}; echo "[put $?]"`)
  await first.waitForText('[put 0]')
  const [monitor = 0] = double.monitors()
  expect(placeOf(monitor)).toMatchObject({ terminal: 0 })
  expect(placeOf(monitor).session).not.toBe(placeOf(first.pid).session)
  first.type(KEY.ctrlC) // for the program in the foreground
  expect(await until(() => refreshes(scratch).length > 0, 20_000)).toBe(true)
  expect(refreshes(scratch)[0]).toBe('done')
  first.line(`${double.binary} exec -- sh -c 'cat "$A_FILE"; echo " [value]"'`)
  await first.waitForText('new [value]')

  await first[Symbol.asyncDispose]()
  const before = refreshes(scratch).length
  expect(await until(() => refreshes(scratch).length > before + 1, 20_000)).toBe(true)
  expect(new Set(refreshes(scratch))).toEqual(new Set(['done']))
  expect(double.monitors()).toEqual([monitor])
  await double.run(['lock'])
  expect(await until(() => double.calls('revoke').length === 1, 20_000)).toBe(true)
  expect(await until(() => scratch.processes().length === 0)).toBe(true)
})

test('it is a socket pair that makes one: nobody becomes the monitor by starting it', async () => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  await double.fill({ secrets: { A: 'a' }, session: { refresh: 3_600 } })
  const second = await double.run(['ghost', 'monitor', runtimeOf(scratch)])
  expect(second).toMatchObject({ status: 64, stdout: '' })
  expect(second.stderr).toContain('the monitor is started by tazpod pull')
  expect(double.monitors()).toHaveLength(1)
})
