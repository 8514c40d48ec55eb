import { spawnSync } from 'node:child_process'
import { run } from '../../test/support/tazpod.ts'

/** Compiles one file of bench/ into `dir`; throws with the compiler's words. Returns the program's path. */
export function compile(dir, source, flags = []) {
  const program = `${dir}/${source.replace(/^.*\/|\.c$/g, '')}`
  const cc = spawnSync('cc', ['-O2', '-std=gnu11', ...flags, '-o', program, source], { encoding: 'utf8' })
  if (cc.status !== 0) throw new Error(`bench: ${source} does not compile: ${cc.error ?? cc.stderr}`)
  return program
}

/**
 * Runs the commands in turn (ABCABC…) for `rounds` rounds in the C timer, as the person of `scratch`.
 * @param commands [{id, argv, cwd?}]
 * @returns {Promise<Record<string, number[]>>} ms of each run, per id
 */
export async function interleaved(scratch, timer, rounds, commands) {
  const argv = commands.flatMap(({ argv, cwd }, i) => [
    ...(i ? [':::'] : []),
    ...(cwd ? [`@${cwd}`] : []),
    ...argv,
  ])
  const done = await run(scratch, [timer, String(rounds), ...argv], { timeout: 300_000 })
  if (done.status !== 0)
    throw new Error(`bench: ${done.stderr.trim() || `the timer ended with ${done.status}`}`)
  const times = Object.fromEntries(commands.map(({ id }) => [id, []]))
  for (const line of done.stdout.trim().split('\n')) {
    const [command, ns] = line.split(' ')
    times[commands[Number(command)].id].push(Number(ns) / 1e6)
  }
  return times
}

/** Runs one async function and returns [ms, its value]. */
export async function timed(work) {
  const start = process.hrtime.bigint()
  const value = await work()
  return [Number(process.hrtime.bigint() - start) / 1e6, value]
}

/** The value below which a share `at` (0 to 1) of the numbers lies. */
export function quantile(numbers, at) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * at))]
}

export const median = (numbers) => quantile(numbers, 0.5)
