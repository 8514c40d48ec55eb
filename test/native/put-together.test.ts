/** Two unlocks at the same moment: one holder, one of the two sets, whole. */
import { expect, test } from 'vitest'
import { filled, heldEntry, native, put, runtimeOf } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'

const ROUNDS = 20

test(`two puts at once, ${ROUNDS} times from nothing`, async () => {
  await using scratch = new Scratch()
  for (let round = 0; round < ROUNDS; round++) {
    const set = (who: string) => ({
      secrets: { A: `${who}${round}`, B: `${who}${round}`, C: `${who}${round}` },
    })
    const both = await Promise.all([put(scratch, set('x')), put(scratch, set('y'))])
    expect(both.map((run) => [run.status, run.stderr])).toEqual([
      [0, ''],
      [0, ''],
    ])
    const got = await Promise.all(['A', 'B', 'C'].map((name) => heldEntry(scratch, name)))
    const values = new Set(got.map((run) => run.stdout))
    expect(values.size).toBe(1)
    expect([`x${round}`, `y${round}`]).toContain([...values][0])
    const holders = scratch.processes().filter((p) => p.command.includes(`hold ${runtimeOf(scratch)}`))
    expect(holders).toHaveLength(1)
    expect((await native(scratch, ['lock'])).status).toBe(0)
  }
})

test('while sets are replaced, a reader sees one of them and never a mixture', async () => {
  await using scratch = new Scratch()
  const set = (n: number) => ({ secrets: { A: `${n}`.repeat(200_000), B: `${n}` } })
  await filled(scratch, set(0))
  let over = false
  const writer = (async () => {
    for (let n = 1; n <= 9; n++) await filled(scratch, set(n))
    over = true
  })()
  let reads = 0
  while (!over || reads < 10) {
    const script = 'cat "$A_FILE"; printf :; cat "$B_FILE"'
    const { stdout, status, stderr } = await native(scratch, ['exec', '--', 'sh', '-c', script])
    expect(status, stderr).toBe(0)
    const [a = '', b = ''] = stdout.split(':')
    expect(a === b.repeat(200_000), `A is ${a.slice(0, 3)}..., B is ${b}`).toBe(true)
    reads++
  }
  await writer
})
