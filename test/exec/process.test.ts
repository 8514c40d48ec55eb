/** The parent of a command sees the same process, the same death and the same stops as without tazpod. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { shellPrefix, startedAs, WAYS, type Way } from '../support/both-ways.ts'
import { Scratch } from '../support/scratch.ts'
import { held, ONE_FILE } from '../support/story.ts'
import { run } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = new Scratch()
  await held(scratch, { config: ONE_FILE, secrets: { TOKEN: 'value' } })
})
afterAll(() => scratch[Symbol.asyncDispose]())

/** What a bash script prints in which `VIA` stands before the commands that are started this way. */
async function bash(way: Way, script: string): Promise<string> {
  const text = script.replaceAll('VIA ', shellPrefix(way))
  const { stdout, stderr } = await run(scratch, ['bash', '-c', text])
  expect(stderr, way).toBe('')
  return stdout
}

describe.each(WAYS)('%s', (way) => {
  test('the parent of the command is the shell, and its pid is the one that the shell knows', async () => {
    const script = `VIA sh -c 'echo $PPID; echo $$' & wait; echo $$; echo $!`
    const [parent, pid, shell, job] = (await bash(way, script)).split('\n')
    expect([parent, pid]).toEqual([shell, job])
  })

  test.each([
    ['INT', 130],
    ['HUP', 129],
    ['QUIT', 131],
    ['KILL', 137],
    ['PIPE', 141],
    ['TERM', 143],
    ['RTMAX', 192],
  ])('death by SIG%s is $? %d', async (signal, code) => {
    const script = `{ VIA sh -c 'kill -${signal} $$'; echo $?; } 2>/dev/null`
    expect(await bash(way, script)).toBe(`${code}\n`)
  })
})

/** Starts argv and tells what waitpid(2) said, for a parent that is no shell. */
const PARENT = `
import os, signal, sys
pid = os.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
def told():
    _, status = os.waitpid(pid, os.WUNTRACED)
    if os.WIFSIGNALED(status): return 'signal %d core %s' % (os.WTERMSIG(status), os.WCOREDUMP(status))
    if os.WIFSTOPPED(status): return 'stopped %d' % os.WSTOPSIG(status)
    return 'exit %d' % os.WEXITSTATUS(status)
said = told()
print(said)
while not said.startswith(('exit', 'signal')):
    os.kill(pid, signal.SIGCONT)
    said = told()
    print(said)
`

describe.skipIf(!need('python3', 'what waitpid tells a parent that is no shell'))('waitpid', () => {
  test.each([
    ['kill -SEGV $$', 'signal 11 core False\n'],
    ['kill -INT $$', 'signal 2 core False\n'],
    ['kill -HUP $$', 'signal 1 core False\n'],
    ['exit 143', 'exit 143\n'],
    ['kill -STOP $$; exit 9', 'stopped 19\nexit 9\n'],
  ])('after %s', async (script, said) => {
    for (const way of WAYS) {
      const argv = startedAs(way, ['/bin/sh', '-c', script])
      const limited = ['sh', '-c', 'ulimit -c 0; exec python3 -c "$0" - "$@"', PARENT, ...argv]
      expect((await run(scratch, limited)).stdout, way).toBe(said)
    }
  })
})
