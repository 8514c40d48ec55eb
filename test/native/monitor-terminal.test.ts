/** `scope: terminal`: the monitor asks as the terminal that gave the passphrase, for as long as that is there. */
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
const AGAIN = set('new', { refresh: 2, cause: 'refresh' })

/** Fields 5 to 7 of /proc/PID/stat: process group, session, terminal. */
function placeOf(pid: number): { group: number; session: number; terminal: number } {
  const [, , group, session, terminal] = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
    .map(Number)
  return { group: group ?? 0, session: session ?? 0, terminal: terminal ?? 0 }
}

const reasons = (scratch: Scratch): unknown[] => reasonsOf(scratch, 'refresh')

test('it refreshes from its terminal, and is refused once that is gone', async () => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  double.does('pull', { get: '@identity', put: AGAIN })
  const frame = scratch.file('frame', frameOf(set('old', { refresh: 1 })))
  const put = `${double.binary} ghost put <${frame}; echo "[put $?]"`
  const first = new Terminal(scratch, ['sh'], { env: { PS1: '$ ' } })
  first.line(put)
  await first.waitForText('[put 0]')
  const [monitor = 0] = double.monitors()
  const place = placeOf(monitor)
  expect(place).toMatchObject({ group: monitor, session: placeOf(first.pid).session })
  expect(place.terminal).not.toBe(0)
  first.type(KEY.ctrlC) // for the program in the foreground
  expect(await until(() => reasons(scratch).length > 0, 20_000)).toBe(true)
  expect(reasons(scratch)[0]).toBe('done')
  first.line(`${double.binary} exec -- sh -c 'cat "$A_FILE"; echo " [value]"'`)
  await first.waitForText('new [value]')

  await first[Symbol.asyncDispose]()
  // one that was under way may still be done
  expect(await until(() => reasons(scratch).at(-1) !== 'done', 20_000)).toBe(true)
  expect(reasons(scratch).at(-1)).toBe('failed (exit 77)')
  expect(double.monitors()).toEqual([monitor])

  // another terminal gives the passphrase: its monitor takes the place of the one that could do nothing any more
  double.does('pull', { get: '@identity', put: set('newest', { refresh: 3_600, cause: 'refresh' }) })
  await using second = new Terminal(scratch, ['sh'], { env: { PS1: '$ ' } })
  second.line(put)
  await second.waitForText('[put 0]')
  expect(await until(() => !double.monitors().includes(monitor))).toBe(true)
  const [next = 0] = double.monitors()
  expect(placeOf(next).session).toBe(placeOf(second.pid).session)
  expect(await until(() => reasons(scratch).at(-1) === 'done', 20_000)).toBe(true)

  // the lock and its last word need no terminal
  await second[Symbol.asyncDispose]()
  await double.run(['lock'])
  expect(await until(() => double.calls('revoke').length === 1, 20_000)).toBe(true)
  expect(await until(() => scratch.processes().length === 0)).toBe(true)
})

test('from no terminal there is none: nobody could ask, and nobody is told what is revoked', async () => {
  await using scratch = new Scratch()
  const double = new Double(scratch)
  await double.fill(set('value', { refresh: 3_600 })) // from no terminal: nobody may ask
  expect(double.monitors()).toEqual([])
  await double.run(['lock'])
  expect(await until(() => scratch.processes().length === 0)).toBe(true)
  expect(double.calls()).toEqual([])
  expect(reasonsOf(scratch, 'revoke')).toEqual(['failed (no monitor took the token)'])
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
