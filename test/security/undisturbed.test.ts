/** Promise 6 of DESIGN §1: the command runs as it would without tazpod. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tazpodBinary } from '../support/installed.ts'
import { must } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { held, ONE_FILE } from '../support/story.ts'
import { run, tazpod } from '../support/tazpod.ts'
import { KEY, Terminal } from '../support/terminal.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = new Scratch()
  await held(scratch, { config: ONE_FILE, secrets: { TOKEN: 'value' } })
})
afterAll(() => scratch[Symbol.asyncDispose]())

/** The output of a script, bare and through tazpod. */
async function bothWays(script: string, options: Parameters<typeof run>[2] = {}): Promise<[string, string]> {
  const bare = await run(scratch, ['sh', '-c', script], options)
  const ours = await tazpod(scratch, ['exec', '--', 'sh', '-c', script], options)
  expect(ours.stderr).toBe(bare.stderr)
  return [ours.stdout, bare.stdout]
}

describe('the command has', () => {
  test.each([
    ['the current folder', 'pwd; pwd -P'],
    ['the signal mask and dispositions', 'grep -E "^(SigBlk|SigIgn|SigCgt|ShdPnd)" /proc/self/status'],
    ['the open descriptors', 'ls /proc/self/fd'],
    ['the limits, but for core dumps', 'ulimit -a | grep -v core'],
    ['the user, the group and the priority', 'id -u; id -g; nice'],
    ['its name as argument zero', 'tr "\\0" " " </proc/$$/cmdline'],
    ['standard input', 'cat', 'bytes\nfrom outside'],
  ])('%s', async (_, script, stdin = '') => {
    const [ours, bare] = await bothWays(script, { stdin })
    expect(ours).toBe(bare)
    expect(bare).not.toBe('')
  })

  test('the session and process group of its caller', async () => {
    const ids = 'ps -o sid=,pgid= -p $$'
    const { stdout } = await run(scratch, [
      'sh',
      '-c',
      `${ids}; "${tazpodBinary()}" exec -- sh -c '${ids}'; :`,
    ])
    const [outside, inside] = stdout.split('\n')
    expect(outside).toMatch(/\d+ +\d+/)
    expect(inside).toBe(outside)
  })

  test('the environment, and only what was granted on top', async () => {
    const [ours, bare] = await bothWays('env | sort', { env: { ODD: 'a=b\tc', EMPTY: '' } })
    const added = ours.split('\n').filter((line) => !bare.split('\n').includes(line))
    expect(added.map((line) => line.split('=')[0])).toEqual(['TAZPOD_GHOST', 'TOKEN_FILE'])
    expect(bare.split('\n').filter((line) => !ours.split('\n').includes(line))).toEqual([])
  })
})

test.each([0, 1, 7, 75, 126, 255])('exit code %d passes through', async (code) => {
  expect((await tazpod(scratch, ['exec', '--', 'sh', '-c', `exit ${code}`])).status).toBe(code)
})

test.each(['SIGTERM', 'SIGKILL', 'SIGSEGV', 'SIGPIPE'] as const)(
  'death by %s passes through',
  async (signal) => {
    const died = await tazpod(scratch, ['exec', '--', 'sh', '-c', `kill -${signal.slice(3)} $$`])
    expect(died).toMatchObject({ status: null, signal })
  },
)

test('what is not there ends with 127, what can not run with 126', async () => {
  expect((await tazpod(scratch, ['exec', '--', 'no-such-command-here'])).status).toBe(127)
  scratch.file('project/not-executable', '#!/bin/sh\n', 0o600)
  expect((await tazpod(scratch, ['exec', '--', './not-executable'])).status).toBe(126)
})

test('it works on either side of a pipeline, and ends with its reader', async () => {
  const bin = tazpodBinary()
  const left = await run(scratch, ['sh', '-c', `"${bin}" exec -- sh -c 'cat "$TOKEN_FILE"' | tr a-z A-Z`])
  expect(left.stdout).toBe('VALUE')
  const right = await run(scratch, ['sh', '-c', `echo from outside | "${bin}" exec -- cat`])
  expect(right.stdout).toBe('from outside\n')
  const early = await run(scratch, [
    'bash',
    '-c',
    `"${bin}" exec -- yes | head -n 1; echo "\${PIPESTATUS[0]}"`,
  ])
  expect(early.stdout).toBe('y\n141\n')
})

describe('at a terminal', () => {
  test('the command has the same terminal, and its size', async () => {
    const script = `tty; "${tazpodBinary()}" exec -- sh -c 'tty; stty size'; echo done`
    await using terminal = new Terminal(scratch, ['sh', '-c', script], { cols: 87, rows: 21 })
    await terminal.waitForText('done')
    const [outside, inside, size] = terminal.text().split('\n')
    expect(inside).toBe(outside)
    expect(size).toBe('21 87')
  })

  test('one Ctrl-C is one SIGINT', async () => {
    const script =
      'n=0; on() { n=$((n + 1)); echo "INT $n"; }; trap on INT; echo ready; read a; read b; echo end'
    await using terminal = new Terminal(scratch, [tazpodBinary(), 'exec', '--', 'bash', '-c', script])
    await terminal.waitForText('ready')
    terminal.type(KEY.ctrlC)
    await terminal.waitForText('INT 1')
    terminal.line('first')
    terminal.line('second')
    await terminal.exit()
    expect(terminal.text()).toContain('end')
    expect(terminal.text()).not.toContain('INT 2')
  })

  test('Ctrl-Z stops it, fg goes on, in the shell that started it', async () => {
    await using shell = new Terminal(scratch, ['bash', '--norc', '--noprofile', '-i'], {
      env: { PS1: 'prompt> ' },
    })
    await shell.waitForText('prompt>')
    shell.line(`"${tazpodBinary()}" exec -- sh -c 'echo up; read x; echo "read $x"'`)
    await shell.waitForText(/^up$/m)
    shell.type(KEY.ctrlZ)
    await shell.waitForText('Stopped')
    shell.line('echo "still $((40 + 2))"')
    await shell.waitForText('still 42')
    shell.line('fg')
    // bash shows the command again, and only then is the terminal the command's
    await shell.waitForScreen((screen) => screen.split('echo up; read').length === 4)
    shell.line('words')
    await shell.waitForText('read words')
    shell.line('exit 5')
    expect(await shell.exit()).toMatchObject({ exitCode: 5 })
  })

  test('a nested exec inside it works, and so does make calling tazpod', async () => {
    const inner = `"${tazpodBinary()}" exec -- sh -c 'cat "$TOKEN_FILE"; echo " inner"'`
    await using terminal = new Terminal(scratch, [tazpodBinary(), 'exec', '--', 'sh', '-c', inner])
    await terminal.waitForText('value inner')
    scratch.file(
      'project/Makefile',
      `all:\n\t@${tazpodBinary()} exec -- sh -c 'cat "$$TOKEN_FILE"; echo " made"'\n`,
    )
    expect(await must(scratch, ['exec', '--', 'make', '-s'])).toBe('value made\n')
  })
})
