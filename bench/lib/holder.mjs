import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { tazpodBinary } from '../../test/support/installed.ts'
import { mountsUnder } from '../../test/support/processes.ts'
import { run, tazpod } from '../../test/support/tazpod.ts'
import { timed } from './timing.mjs'

/** Resident memory of the holder of each project, in KiB, beside the size of the secrets in it. */
export function holderMemory(scratch, projects) {
  return projects.map(({ id, what, folder, secrets }) => {
    const { pid } = scratch.holder(folder)
    const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    const bytes = Object.entries(secrets).reduce((sum, [name, value]) => sum + name.length + value.length, 0)
    return { id, what, unit: 'KiB', value: Number(kib), allowance: Math.ceil(bytes / 1024) }
  })
}

/** Starts `count` children at once, each of which reads all its files; says what failed and what stayed behind. */
export async function concurrent(scratch, cwd, count, secrets) {
  const expected = createHash('sha256')
    .update(
      Object.keys(secrets)
        .sort()
        .map((name) => secrets[name])
        .join(''),
    )
    .digest('hex')
  const before = { mounts: mountsUnder('').length, processes: scratch.processes().length }
  const script = 'cat "$TAZPOD_GHOST"/S*/* | sha256sum'
  const argv = [tazpodBinary(), 'exec', '--', 'sh', '-c', script]
  const [ms, all] = await timed(() =>
    Promise.all(Array.from({ length: count }, () => run(scratch, argv, { cwd }))),
  )
  const hashes = new Set(all.map((one) => one.stdout))
  const bad = all.filter((one) => one.status !== 0)
  const after = { mounts: mountsUnder('').length, processes: scratch.processes().length }
  const status = JSON.parse((await tazpod(scratch, ['status', '--json'], { cwd })).stdout)
  const left = [after.mounts - before.mounts, after.processes - before.processes, status.running.length]
  const failures =
    bad.length +
    (hashes.size === 1 && hashes.has(`${expected}  -\n`) ? 0 : 1) +
    left.filter((n) => n > 0).length
  return {
    id: 'concurrent-200',
    what: `${count} tazpod exec at once: failures and leaks`,
    unit: '',
    value: failures,
    note: `${ms.toFixed(0)} ms in all; ${bad.length} failed${bad[0] ? ` (${bad[0].stderr.trim()})` : ''}; left over: ${left[0]} mounts, ${left[1]} processes, ${left[2]} listed as running; the right bytes in ${all.filter((one) => one.stdout.startsWith(expected)).length}`,
  }
}
