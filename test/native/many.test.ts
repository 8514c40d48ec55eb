/** Hundreds at once, a thousand one after the other: none fails, and nothing adds up. */
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { descriptorsOf, filled, holderPid, journalOf, native, nativeBinary, sh } from '../support/holder.ts'
import { mountsUnder } from '../support/processes.ts'
import { Scratch } from '../support/scratch.ts'
import { run } from '../support/tazpod.ts'
import { until } from '../support/until.ts'
import { isRoot } from '../support/users.ts'

const SET = { secrets: { A: 'a', B: 'b'.repeat(50_000) } }

interface Usage {
  descriptors: number
  kibibytes: number
}

/** What the holder has open and in use; descriptors only where we may look. */
function usageOf(pid: number): Usage {
  const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return { descriptors: isRoot() ? descriptorsOf(pid).length : 0, kibibytes: Number(rss?.[1]) }
}

const runningOf = async (scratch: Scratch): Promise<unknown[]> =>
  (JSON.parse((await native(scratch, ['status', '--json'])).stdout) as { running: unknown[] }).running

test('200 concurrent commands: none fails, each has its own files', async () => {
  await using scratch = new Scratch()
  await filled(scratch, SET)
  const script = 'echo "$1" >"$TAZPOD_GHOST/A/own"; cat "$A_FILE" "$TAZPOD_GHOST/A/own"; ls "$TAZPOD_GHOST/A"'
  const all = Array.from({ length: 200 }, (_, i) =>
    native(scratch, ['exec', '--', 'sh', '-c', script, 'sh', `${i}`], { timeout: 120_000 }),
  )
  for (const [i, done] of (await Promise.all(all)).entries()) {
    expect(done).toMatchObject({ status: 0, stderr: '', stdout: `a${i}\nown\nv\n` })
  }
  expect(await until(async () => (await runningOf(scratch)).length === 0)).toBe(true)
}, 180_000)

test('1,000 commands leave no descriptor, memory, mount or process', async () => {
  await using scratch = new Scratch()
  await filled(scratch, SET)
  const loop = 'i=0; while [ $i -lt "$1" ]; do "$0" exec -- true || exit 1; i=$((i + 1)); done'
  const times = (n: number) => run(scratch, ['sh', '-c', loop, nativeBinary(), `${n}`], { timeout: 300_000 })
  const pid = holderPid(scratch)
  expect(await times(50)).toMatchObject({ status: 0, stderr: '' })
  await until(async () => (await runningOf(scratch)).length === 0)
  await native(scratch, ['status'])
  const before = usageOf(pid)
  const processes = scratch.processes().map((p) => p.pid)
  expect(await times(1_000)).toMatchObject({ status: 0, stderr: '' })
  await until(async () => (await runningOf(scratch)).length === 0)
  await until(() => usageOf(pid).descriptors <= before.descriptors)
  const after = usageOf(pid)
  expect(after.descriptors).toBeLessThanOrEqual(before.descriptors) // the answer to status may still have been open
  expect(after.kibibytes).toBeLessThan(before.kibibytes + 256)
  expect(mountsUnder(scratch.root)).toEqual([])
  expect(scratch.processes().map((p) => p.pid)).toEqual(processes)
  expect(holderPid(scratch)).toBe(pid)
  const events = journalOf(scratch).map((line) => line.event)
  expect(events.filter((e) => e === 'grant')).toHaveLength(1_050)
  expect(events.filter((e) => e === 'exit')).toHaveLength(1_050)
}, 400_000)

test('lock --stop ends what runs, gently first, and says so', async () => {
  await using scratch = new Scratch()
  await filled(scratch, SET)
  const gentle = 'trap "echo bye; exit 3" TERM; echo >started-$$; while :; do sleep 0.05; done'
  const children = [1, 2, 3].map(() => sh(scratch, gentle))
  const started = () => readdirSync(scratch.project).filter((name) => name.startsWith('started-')).length
  expect(await until(() => started() === 3)).toBe(true)
  expect(await runningOf(scratch)).toHaveLength(3)
  const locked = await native(scratch, ['lock', '--stop'])
  expect(locked).toMatchObject({ status: 0 })
  expect(locked.stdout).toContain('locked; 2 secrets wiped')
  for (const child of children) expect(await child).toMatchObject({ status: 3, stdout: 'bye\n' })
})
