/** A command at a terminal: window size, job control and the end of the terminal are the kernel's, as without. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { shellPrefix, startedAs, WAYS } from '../support/both-ways.ts'
import { Scratch } from '../support/scratch.ts'
import { held, ONE_FILE } from '../support/story.ts'
import { run } from '../support/tazpod.ts'
import { KEY, Terminal } from '../support/terminal.ts'
import { need } from '../support/tools.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = new Scratch()
  await held(scratch, { config: ONE_FILE, secrets: { TOKEN: 'value' } })
})
afterAll(() => scratch[Symbol.asyncDispose]())

const interactive = (): Terminal =>
  new Terminal(scratch, ['bash', '--norc', '--noprofile', '-i'], { env: { PS1: 'prompt> ' }, cols: 160 })

describe.each(WAYS)('%s', (way) => {
  test('a new window size reaches the command as one SIGWINCH', async () => {
    const script =
      'trap "echo WINCH; stty size" WINCH; stty size; while ! read -r -t 1 line; do :; done; echo "$line"'
    await using terminal = new Terminal(scratch, startedAs(way, ['bash', '-c', script]), {
      cols: 80,
      rows: 24,
    })
    await terminal.waitForText('24 80')
    terminal.resize(101, 33)
    await terminal.waitForText(/^WINCH\n33 101$/m)
    terminal.line('bye')
    await terminal.exit()
    expect(terminal.text().match(/WINCH/g)).toHaveLength(1)
  })

  test.each([
    ['Ctrl-C', KEY.ctrlC, 130],
    ['Ctrl-\\', KEY.ctrlBackslash, 131],
    ['Ctrl-D', KEY.ctrlD, 0],
  ])('%s ends what reads the terminal', async (_, key, code) => {
    await using shell = interactive()
    await prompts(shell, 1)
    shell.line(`${shellPrefix(way)}sh -c 'ulimit -c 0; echo UP; exec cat'`)
    await shell.waitForText(/^UP$/m)
    shell.type(key)
    await prompts(shell, 2)
    shell.line('echo "code $?"')
    await shell.waitForText(`code ${code}`)
  })

  test('two stopped jobs are continued one after the other', async () => {
    await using shell = interactive()
    await prompts(shell, 1)
    for (const [n, name] of ['one', 'two'].entries()) {
      shell.line(`${shellPrefix(way)}sh -c 'echo "${name} up"; read -r x; echo "${name} read $x"'`)
      await shell.waitForText(new RegExp(`^${name} up$`, 'm'))
      shell.type(KEY.ctrlZ)
      await prompts(shell, n + 2)
    }
    for (const [n, name] of ['one', 'two'].entries()) {
      shell.line(`fg %${n + 1}`)
      await answer(shell, `fg %${n + 1}`, `line ${n}`)
      await shell.waitForText(`${name} read line ${n}`)
    }
  })

  test('in the background it is stopped when it reads the terminal', async () => {
    await using shell = interactive()
    await prompts(shell, 1)
    shell.line(`${shellPrefix(way)}sh -c 'read -r x; echo "read $x"' &`)
    await prompts(shell, 2)
    shell.line('until jobs -s | grep -q Stopped; do :; done; fg')
    // bash tells of the stopped job before its prompt or after fg, as it comes: only fg's own line counts.
    await answer(shell, /; fg(\n+\[1\].*)*/, 'a line')
    await shell.waitForText(/^read a line$/m)
  })

  test('the whole pipeline gets one Ctrl-C', async () => {
    await using shell = interactive()
    await prompts(shell, 1)
    const via = shellPrefix(way)
    shell.line(`${via}sh -c 'echo UP >&2; exec sleep 100' | ${via}sh -c 'echo DOWN >&2; exec cat'`)
    await shell.waitForText(/^UP$/m)
    await shell.waitForText(/^DOWN$/m)
    shell.type(KEY.ctrlC)
    await prompts(shell, 2)
    shell.line(`echo "code \${PIPESTATUS[*]}"`)
    await shell.waitForText('code 130 130')
  })
})

/** Waits until bash has asked for a line so many times. */
function prompts(shell: Terminal, times: number): Promise<void> {
  return shell.waitForText(new RegExp(`(^prompt>[\\s\\S]*){${times}}`, 'm'))
}

/** Types a line once `fg`, whose text is `after`, has said what it continues. bash may still have the terminal raw
 * then, where Enter alone (a carriage return) would not be made a newline. */
async function answer(shell: Terminal, after: string | RegExp, line: string): Promise<void> {
  const said = typeof after === 'string' ? after : after.source
  await shell.waitForText(new RegExp(`${said}\\n+(?!\\[).*sh -c`))
  shell.type(`${line}\n`)
}

/** Starts argv on a new terminal, waits for its first output, hangs the terminal up, tells how the command ended. */
const HANG_UP = `
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
os.read(fd, 1)
os.close(fd)
_, status = os.waitpid(pid, 0)
print('signal', os.WTERMSIG(status)) if os.WIFSIGNALED(status) else print('exit', os.WEXITSTATUS(status))
`

test.skipIf(!need('python3', 'the end of the terminal'))('a closed terminal is one SIGHUP', async () => {
  const trapped = 'trap "exit 9" HUP; echo UP; while :; do read -r x <"$0" || sleep 0.05; done'
  for (const way of WAYS) {
    const ends = async (argv: string[]) =>
      (await run(scratch, ['python3', '-c', HANG_UP, ...startedAs(way, argv)])).stdout
    expect(await ends(['/bin/sh', '-c', 'echo UP; exec sleep 100']), way).toBe('signal 1\n')
    expect(await ends(['/bin/sh', '-c', trapped, '/dev/null']), way).toBe('exit 9\n')
  }
})
