/** max and idle: when they pass, when they don't, and what is left. */
import { expect, test } from 'vitest'
import { filled, holderPid, journalOf, native, reasonsOf, sh } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'
import { startTazpod } from '../support/tazpod.ts'
import { until } from '../support/until.ts'

const reasons = (scratch: Scratch): unknown[] => reasonsOf(scratch, 'lock')

test('idle locks; a command that runs holds it off, max does not wait', async () => {
  await using scratch = new Scratch()
  await filled(scratch, { secrets: { A: 'a' }, session: { idle: 1 } })
  expect(await until(() => holderPid(scratch) === 0)).toBe(true)
  expect(reasons(scratch)).toEqual(['idle'])
  expect(await sh(scratch, 'true')).toMatchObject({ status: 75 })

  // longer than the idle time, in which a busy machine has to start it, with a file read at its end
  await filled(scratch, { secrets: { A: 'a' }, session: { idle: 4 } })
  expect(await sh(scratch, 'sleep 6; cat "$A_FILE"')).toMatchObject({ status: 0, stdout: 'a' })
  expect(await until(() => holderPid(scratch) === 0, 20_000)).toBe(true)
  expect(reasons(scratch)).toEqual(['idle', 'idle'])
  const events = journalOf(scratch).map(({ event }) => event)
  expect(events.slice(-4)).toEqual(['unlock', 'grant', 'exit', 'lock'])

  // it runs before there is an end that it could miss
  await filled(scratch, { secrets: { A: 'a' } })
  const running = startTazpod(scratch, ['exec', '--', 'sh', '-c', 'echo up; read x; cat "$A_FILE"'], {
    keepStdinOpen: true,
  })
  let out = ''
  running.stdout?.on('data', (chunk: Buffer) => {
    out += chunk
  })
  expect(await until(() => out === 'up\n')).toBe(true)
  await filled(scratch, { secrets: { A: 'a' }, session: { idle: 600, max: 1 } })
  expect(await until(() => holderPid(scratch) === 0)).toBe(true)
  expect(reasons(scratch)).toEqual(['idle', 'idle', 'max'])
  // what it was given stays its own until its end
  running.stdin?.end('\n')
  expect(await until(() => running.exitCode === 0 && out === 'up\na')).toBe(true)
})

test('a new set starts both times anew, 0 is never', async () => {
  await using scratch = new Scratch()
  await filled(scratch, { secrets: { A: 'a' }, session: { max: 4 } })
  await filled(scratch, { secrets: { A: 'b' } })
  const status = JSON.parse((await native(scratch, ['status', '--json'])).stdout) as Record<string, unknown>
  expect(status).toMatchObject({ state: 'unlocked', expiresAt: null, idleAt: null })
  expect(await until(() => holderPid(scratch) === 0, 5_500)).toBe(false)
  await filled(scratch, { secrets: { A: 'c' }, session: { idle: 4_000_000_000, max: 4_294_967_295 } })
  const far = JSON.parse((await native(scratch, ['status', '--json'])).stdout) as Record<string, string>
  expect(new Date(far.expiresAt ?? '').getUTCFullYear()).toBeGreaterThan(2100)
  expect(new Date(far.idleAt ?? '').getUTCFullYear()).toBeGreaterThan(2100)
})

test('SIGTERM wipes and ends the holder', async () => {
  await using scratch = new Scratch()
  await filled(scratch, { secrets: { A: 'a' } })
  process.kill(holderPid(scratch), 'SIGTERM')
  expect(await until(() => holderPid(scratch) === 0)).toBe(true)
  expect(reasons(scratch)).toEqual(['terminated'])
})
