/** max and idle: when they pass, when they don't, and what is left. */
import { expect, test } from 'vitest'
import { filled, holderPid, native, reasonsOf, sh } from '../support/holder.ts'
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

  await filled(scratch, { secrets: { A: 'a' }, session: { idle: 1 } })
  // three times the idle time, with a file read at its end
  const child = await sh(scratch, 'sleep 3; cat "$A_FILE"')
  expect(child.stdout).toBe('a')
  expect(holderPid(scratch)).toBeGreaterThan(0)
  expect(reasons(scratch)).toEqual(['idle'])
  expect(await until(() => holderPid(scratch) === 0)).toBe(true)
  expect(reasons(scratch)).toEqual(['idle', 'idle'])

  await filled(scratch, { secrets: { A: 'a' }, session: { idle: 600, max: 1 } })
  const running = startTazpod(scratch, ['exec', '--', 'sh', '-c', 'read x; cat "$A_FILE"'], {
    keepStdinOpen: true,
  })
  expect(await until(() => holderPid(scratch) === 0)).toBe(true)
  expect(reasons(scratch)).toEqual(['idle', 'idle', 'max'])
  // what it was given stays its own until its end
  let out = ''
  running.stdout?.on('data', (chunk: Buffer) => {
    out += chunk
  })
  running.stdin?.end('\n')
  expect(await until(() => running.exitCode === 0 && out === 'a')).toBe(true)
})

test('a new set starts both times anew, 0 is never', async () => {
  await using scratch = new Scratch()
  await filled(scratch, { secrets: { A: 'a' }, session: { max: 1 } })
  await filled(scratch, { secrets: { A: 'b' } })
  const status = JSON.parse((await native(scratch, ['status', '--json'])).stdout) as Record<string, unknown>
  expect(status).toMatchObject({ state: 'unlocked', expiresAt: null, idleAt: null })
  expect(await until(() => holderPid(scratch) === 0, 2_500)).toBe(false)
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
