/** How a program is ended that is asked for a value and does not stop by itself. Real programs; no time is asserted. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { askProgram } from '../../src/adapters/process/ask-program.ts'
import { until } from '../support/until.ts'

let cwd = ''
beforeEach(() => {
  cwd = mkdtempSync('/tmp/tz-')
})
afterEach(() => rmSync(cwd, { recursive: true }))

const ask = (script: string, bounds: { timeout?: number; limit?: number }) =>
  askProgram(['sh', '-c', script], { cwd, env: process.env, timeout: 60_000, limit: 1000, ...bounds })

/** Whether the process whose pid a script has written is gone. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}

test('too long: it is asked to end, and what it says of that is heard', async () => {
  const script = `trap 'echo ended > mark; exit 0' TERM; while :; do sleep 0.05; done`
  expect(await ask(script, { timeout: 500 })).toEqual({ kind: 'too-long' })
  expect(existsSync(join(cwd, 'mark'))).toBe(true)
})

test('deaf to that: it is killed', async () => {
  const answer = await ask(`trap '' TERM; while :; do sleep 0.05; done`, { timeout: 500 })
  expect(answer).toEqual({ kind: 'too-long' })
})

test('too much, with a child of its own that holds the pipe open: both an answer and an end', async () => {
  const script = `trap '' TERM; sleep 300 & echo $! > child; while :; do echo xxxxxxxxxxxxxxxx; done`
  expect(await ask(script, { limit: 1000 })).toEqual({ kind: 'too-much' })
  const pid = Number(readFileSync(join(cwd, 'child'), 'utf8'))
  process.kill(pid) // nobody of ours ends a stranger's child
  await until(() => isGone(pid))
})

test('exactly as much as it may print is taken', async () => {
  const answer = await ask(`head -c 1000 /dev/zero`, { limit: 1000 })
  expect(answer.kind === 'printed' && answer.output.equals(Buffer.alloc(1000))).toBe(true)
})
