/** What lets a value out of the holder, and what a refresh may bring, by frames alone. */
import { expect, test } from 'vitest'
import { Double } from '../support/double.ts'
import { frameOf, heldEntry, KEY, nativeBinary, put } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'
import { Terminal } from '../support/terminal.ts'
import { until } from '../support/until.ts'

const tz = nativeBinary()
const DIGEST = '11'.repeat(32)

/** A session that a double of Node refreshes. */
async function unlockedDouble(scratch: Scratch): Promise<Double> {
  const double = new Double(scratch)
  await double.fill({ secrets: { A: 'a' }, session: { digest: DIGEST } })
  return double
}

test.each([
  ['a passphrase that was given', true, 'out [get 0]'],
  ['one that was known (a keyring)', false, '[get 77]'],
])('a set that comes with %s: at its terminal %s', async (_what, proven, words) => {
  await using scratch = new Scratch()
  const frame = scratch.file('frame', frameOf({ secrets: { A: 'out ' }, session: { proven, proof: 60 } }))
  await using terminal = new Terminal(scratch, ['sh'], { env: { PS1: '$ ' } })
  terminal.line(`${tz} ghost put <${frame}; ${tz} ghost get A | cat; ${tz} ghost get A >x; echo "[get $?]"`)
  await terminal.waitForText(words)
  // a passphrase that is given there afterwards counts as well
  const key = scratch.file('key', KEY)
  terminal.line(`${tz} ghost prove <${key}; ${tz} ghost get A | cat; echo "[proven]"`)
  await terminal.waitForText('out [proven]')
})

test('a refresh brings nothing that was made of another tazpod.yaml', async () => {
  await using scratch = new Scratch()
  const set = (value: string, digest: string, cause: 'unlock' | 'refresh') =>
    put(scratch, { secrets: { A: value }, session: { digest, cause } })
  const [one, two] = [DIGEST, '22'.repeat(32)]
  expect((await set('first', one, 'unlock')).status).toBe(0)
  const other = await set('smuggled', two, 'refresh')
  expect(other).toMatchObject({ status: 75, stdout: '' })
  expect(other.stderr).toContain('tazpod.yaml has changed since the passphrase was given')
  expect((await heldEntry(scratch, 'A')).stdout).toBe('first')
  expect((await set('second', one, 'refresh')).status).toBe(0)
  expect((await heldEntry(scratch, 'A')).stdout).toBe('second')
  expect((await set('third', two, 'unlock')).status).toBe(0) // with the passphrase
})

test('who asks for a refresh with another tazpod.yaml starts none', async () => {
  await using scratch = new Scratch()
  const double = await unlockedDouble(scratch)
  const other = await double.run(['ghost', 'renew', '22'.repeat(32)])
  expect(other).toMatchObject({ status: 75, stdout: '' })
  expect(other.stderr).toContain('tazpod.yaml has changed')
  for (const wrong of ['', 'x', '1'.repeat(63), 'G'.repeat(64)])
    expect((await double.run(['ghost', 'renew', wrong])).status).toBe(64)
  expect(double.calls()).toEqual([])
  double.does('pull', { code: 69 })
  expect((await double.run(['ghost', 'renew', DIGEST])).status).toBe(0) // what it said, if anything, is the answer
  expect(double.calls()).toHaveLength(1)
})

test('of several who ask at once each gets a refresh that began after its question', async () => {
  await using scratch = new Scratch()
  const double = await unlockedDouble(scratch)
  double.does('pull', { held: true })
  const first = double.run(['ghost', 'renew', DIGEST])
  expect(await until(() => double.calls().length === 1)).toBe(true)
  const later = [1, 2, 3].map(() => double.run(['ghost', 'renew', DIGEST]))
  await until(() => false, 300)
  double.release()
  expect((await first).status).toBe(0)
  for (const one of await Promise.all(later)) expect(one.status).toBe(0)
  expect(double.calls()).toHaveLength(2)
})

test('a lock while somebody waits says that it is locked', async () => {
  await using scratch = new Scratch()
  const double = await unlockedDouble(scratch)
  double.does('pull', { held: true })
  const waiting = double.run(['ghost', 'renew', DIGEST])
  expect(await until(() => double.calls().length === 1)).toBe(true)
  await double.run(['lock'])
  const done = await waiting
  expect(done).toMatchObject({ status: 75, stdout: '' })
  expect(done.stderr).toContain('it was locked while the secrets were fetched')
})

test('a refresh that fails is no failure where a set has come meanwhile, whoever has asked before', async () => {
  await using scratch = new Scratch()
  const double = await unlockedDouble(scratch)
  await double.run(['ghost', 'renew', DIGEST])
  expect(double.calls()).toHaveLength(1)
  double.does('pull', { held: true, code: 69 })
  const filling = (refresh: number) => ({ secrets: { A: 'a' }, session: { digest: DIGEST, refresh } })
  await double.fill(filling(1))
  expect(await until(() => double.calls().length === 2, 20_000)).toBe(true)
  await double.fill(filling(3_600))
  double.release()
  expect(await until(() => !scratch.processes().some(({ command }) => command.includes('main.js')))).toBe(
    true,
  )
  await until(() => false, 300)
  expect(JSON.parse((await double.run(['status', '--json'])).stdout).refresh).toMatchObject({
    state: 'waiting',
    last: null,
  })
})
