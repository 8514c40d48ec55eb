/** The end of the command is the end of tazpod: every exit code, every signal. */
import { constants } from 'node:os'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { filled, native, nativeBinary, sh } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'
import { run } from '../support/tazpod.ts'

let scratch: Scratch

beforeAll(async () => {
  scratch = new Scratch()
  await filled(scratch, { secrets: { A: 'a' } })
})

afterAll(() => scratch[Symbol.asyncDispose]())

test('exit codes 0 to 255', async () => {
  const script = 'i=0; while [ $i -lt 256 ]; do "$0" exec -- sh -c "exit $i"; echo $?; i=$((i + 1)); done'
  const { stdout } = await run(scratch, ['sh', '-c', script, nativeBinary()], { timeout: 240_000 })
  expect(stdout.trim().split('\n').map(Number)).toEqual(Array.from({ length: 256 }, (_, i) => i))
}, 300_000)

// what ends a process that does nothing against it; the others stop it or are ignored
const DEADLY = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGILL',
  'SIGTRAP',
  'SIGABRT',
  'SIGBUS',
  'SIGFPE',
  'SIGKILL',
] as const
const MORE = ['SIGUSR1', 'SIGSEGV', 'SIGUSR2', 'SIGPIPE', 'SIGALRM', 'SIGTERM', 'SIGXCPU', 'SIGSYS'] as const

test.each([...DEADLY, ...MORE])('death by %s', async (signal) => {
  // python resets SIGPIPE and others to what kills; the shell can't send all of them to itself
  const suicide = `import os, signal; signal.signal(${constants.signals[signal]}, 0)` // SIG_DFL
  const kill = `os.kill(os.getpid(), ${constants.signals[signal]})`
  const code = signal === 'SIGKILL' ? `import os; ${kill}` : `${suicide}; ${kill}`
  const done = await native(scratch, ['exec', '--', 'python3', '-c', code])
  expect(done).toMatchObject({ status: null, signal, stderr: '' })
})

test('what is not there is 127, what can not be executed 126; neither is a grant', async () => {
  scratch.file('bin/plain', 'x', 0o600)
  scratch.file('bin/broken', '#!/nowhere/interpreter\n', 0o700)
  const cases: [string, number][] = [
    ['no-such-command', 127],
    ['/no/such/file', 127],
    [`${scratch.home}/bin/plain`, 126],
    [scratch.home, 126],
    [`${scratch.home}/bin/broken`, 126],
    ['', 127],
  ]
  for (const [command, status] of cases) {
    const done = await native(scratch, ['exec', '--', command])
    expect([command, done.status]).toEqual([command, status])
    expect(done.stderr).toMatch(/^tazpod: /)
  }
})

test('signals that the caller ignores or blocks stay so for the command', async () => {
  const mask = 'grep -E "^Sig(Blk|Ign)" /proc/self/status'
  const script = `trap "" INT USR1 PIPE; ${mask}; "$0" exec -- ${mask}`
  const { stdout } = await run(scratch, ['sh', '-c', script, nativeBinary()])
  const lines = stdout.trim().split('\n')
  expect(lines).toHaveLength(4)
  expect(lines.slice(2)).toEqual(lines.slice(0, 2))
  expect((await sh(scratch, mask)).stdout).not.toBe('')
})
