/** `tazpod shell` at a real terminal: the person's own shell, with a footer. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tazpodBinary } from '../support/installed.ts'
import { isInForeground, type Process } from '../support/processes.ts'
import { Scratch } from '../support/scratch.ts'
import {
  footerShows,
  heldProject,
  partsOf,
  ready,
  shellAtTerminal,
  shellWithin,
} from '../support/shell/session.ts'
import { run, tazpod } from '../support/tazpod.ts'
import { KEY, Terminal } from '../support/terminal.ts'
import { need } from '../support/tools.ts'
import { until } from '../support/until.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = new Scratch()
  await heldProject(scratch)
})
afterAll(() => scratch[Symbol.asyncDispose]())

const read = (name: string): string => readFileSync(join(scratch.home, name), 'utf8')

describe('the shell', () => {
  test('has what it is granted, job control, its size, and its exit code is ours', async () => {
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    await footerShows(shell, 'unlocked 11h59m   1 secret  rootless')
    shell.line('echo "has $(cat $TOKEN_FILE)"; stty size')
    await shell.waitForText('has value')
    await shell.waitForText('23 80')
    shell.line(`sh -c 'echo UP; exec sleep 100'`)
    await shell.waitForText(/^UP$/m) // its echo alone would come before there is a job to stop
    shell.type(KEY.ctrlZ)
    await shell.waitForText('Stopped')
    shell.line('fg')
    await shell.waitForText(/^sh -c .*sleep 100'$/m)
    const goesOn = ({ pid, command }: Process): boolean => command === 'sleep 100' && isInForeground(pid)
    expect(await until(() => scratch.processes().some(goesOn))).toBe(true)
    shell.type(KEY.ctrlC)
    await shell.waitForText(/\^C\s+in>/)
    shell.line('exit 3')
    expect(await shell.exit()).toEqual({ exitCode: 3, signal: 0 })
    expect(shell.screen()).not.toContain('unlocked')
  })

  test('a death by signal is 128 and its number', async () => {
    await using shell = shellAtTerminal(scratch, { args: ['-c', 'kill -9 $$'] })
    expect(await shell.exit()).toMatchObject({ exitCode: 137 })
  })

  test('has the environment, the folder and the arguments byte for byte', async () => {
    const file = join(scratch.home, 'seen')
    const script = `{ env -0 | sort -z; printf '%s|' "$PWD" "$0" "$@"; } > ${file}`
    const env = {
      NODE_OPTIONS: '--max-old-space-size=77',
      NODE_ENV: 'x',
      ODD: 'a\nb\tc\u00e9',
      LINES: '24',
      COLUMNS: '80',
    }
    const args = ['-c', script, 'zero', '', 'a b', "it's", '--plain', '--']
    await using shell = shellAtTerminal(scratch, { args, env })
    expect(await shell.exit()).toMatchObject({ exitCode: 0 })
    const seen = read('seen')
    await using bare = shellAtTerminal(scratch, { flags: ['--plain'], args, env })
    expect(await bare.exit()).toMatchObject({ exitCode: 0 })
    const own = /^(?:TAZPOD_BROKER|LINES|COLUMNS)=/
    const without = (text: string): string[] => text.split('\0').filter((line) => !own.test(line))
    expect(without(seen)).toEqual(without(read('seen')))
    expect(seen).toContain('NODE_OPTIONS=--max-old-space-size=77')
    expect(seen).not.toMatch(/(^|\0)LINES=/)
    expect(seen.endsWith(`${scratch.project}|zero||a b|it's|--plain|--|`)).toBe(true)
  })

  test('environment and folder that are no UTF-8', async () => {
    const file = join(scratch.home, 'odd')
    const script = `mkdir -p $'\\xff-folder'; cd $'\\xff-folder'; export ODD=$'\\xfe\\xff'; SHELL=/bin/bash exec '${tazpodBinary()}' shell -- -c 'printf "%s\\n" "$ODD" "\${PWD##*/}" > "${file}"'`
    await using shell = new Terminal(scratch, ['bash', '-c', script])
    expect(await shell.exit()).toMatchObject({ exitCode: 0 })
    expect(readFileSync(file).toString('latin1')).toBe('\xfe\xff\n\xff-folder\n')
  })

  test('bash reads its own start-up file', async () => {
    writeFileSync(join(scratch.home, '.bashrc'), 'alias hello="echo from the rc file"\nPS1="rc> "\n')
    await using shell = shellAtTerminal(scratch, { args: [] })
    await shell.waitForText('rc>')
    shell.line('hello')
    await shell.waitForText(/^from the rc file/m)
    shell.line('exit')
    expect(await shell.exit()).toMatchObject({ exitCode: 0 })
  })

  test.skipIf(!need('zsh', 'zsh in tazpod shell'))('zsh, with its start-up file', async () => {
    writeFileSync(join(scratch.home, '.zshrc'), 'alias hello="echo from the rc file"\nPROMPT="zsh> "\n')
    await using shell = shellAtTerminal(scratch, { args: [], env: { SHELL: '/usr/bin/zsh' } })
    await shell.waitForText('zsh>')
    shell.line('hello; cat $TOKEN_FILE; stty size')
    await shell.waitForText(/^from the rc file\s+value23 80\s+zsh>/m)
    await footerShows(shell, 'unlocked')
    shell.line('exit 4')
    expect(await shell.exit()).toMatchObject({ exitCode: 4 })
  })

  test.skipIf(!need('fish', 'fish in tazpod shell'))('fish, with its start-up file', async () => {
    scratch.file(
      '.config/fish/config.fish',
      'function hello; echo from the rc file; end\nfunction fish_prompt; echo "fish> "; end\n',
    )
    await using shell = shellAtTerminal(scratch, { args: [], env: { SHELL: '/usr/bin/fish' } })
    await shell.waitForText('fish>')
    shell.line('hello; cat $TOKEN_FILE; stty size')
    await shell.waitForText(/^from the rc file\s+value23 80\s+fish>/m)
    await footerShows(shell, 'unlocked')
    shell.line('exit 5')
    expect(await shell.exit()).toMatchObject({ exitCode: 5 })
  })

  test('without SHELL it is bash', async () => {
    await using shell = shellAtTerminal(scratch, { args: ['-c', 'echo "$BASH"'], env: { SHELL: '' } })
    await shell.waitForText('/bin/bash')
    expect(await shell.exit()).toMatchObject({ exitCode: 0 })
  })
})

describe('without a terminal of its own', () => {
  test('--plain is exec: the same process becomes the shell', async () => {
    await using shell = shellAtTerminal(scratch, { flags: ['--plain'] })
    await shell.waitForText('in>')
    shell.line('echo "$$ $(cat $TOKEN_FILE)"; stty size')
    await shell.waitForText(`${shell.pid} value`)
    await shell.waitForText('24 80')
    shell.line('exit 6')
    expect(await shell.exit()).toEqual({ exitCode: 6, signal: 0 })
  })

  test('a script on standard input runs, as in ssh and bash', async () => {
    const script = 'echo "has $(cat $TOKEN_FILE)"\nexit 7\n'
    const done = await tazpod(scratch, ['shell'], { stdin: script, env: { SHELL: '/bin/bash' } })
    expect(done).toMatchObject({ status: 7, stdout: 'has value\n', stderr: '' })
  })

  test('on a dumb terminal there is no footer', async () => {
    const argv = [
      'env',
      'TERM=dumb',
      'PS1=in> ',
      'SHELL=/bin/bash',
      tazpodBinary(),
      'shell',
      '--',
      '--norc',
      '--noprofile',
    ]
    await using shell = new Terminal(scratch, argv)
    await shell.waitForText('in>')
    shell.line('exit')
    await shell.exit()
    expect(shell.raw).not.toContain('unlocked')
  })

  test('inside a session there is no second footer', async () => {
    await using shell = shellAtTerminal(scratch)
    await shell.waitForText('in>')
    shell.line(`'${tazpodBinary()}' shell -- --norc --noprofile; echo "inner $?"`)
    await shell.waitForText(/in>[\s\S]*in>/)
    shell.line('stty size; exit 8')
    await shell.waitForText('23 80')
    await shell.waitForText('inner 8')
    shell.line('exit')
    await shell.exit()
  })

  test.each([
    [['shell', '--wrong'], 64, 'nonexistent flag'],
    [['shell', 'ls'], 64, 'does not take'],
  ])('%j is refused', async (args, status, words) => {
    const done = await tazpod(scratch, args)
    expect(done.status).toBe(status)
    expect(done.stderr.toLowerCase()).toContain(words)
  })

  test('--help explains it', async () => {
    expect((await tazpod(scratch, ['shell', '--help'])).stdout).toContain('--no-keys')
  })
})

describe('the terminal', () => {
  test('is afterwards as it was: settings, screen, modes, what was there before', async () => {
    await using terminal = await shellWithin(scratch)
    terminal.line("printf '\\e[?1000h\\e[?1006h\\e[?25l\\e[>1u\\e7\\e[3;5r\\e8'; exit 9")
    await terminal.waitForText('code=9')
    terminal.line('stty -a > "$HOME/after"; seq 40; echo done')
    await terminal.waitForScreen((screen) => screen.endsWith('\ndone\n$'))
    expect(read('after')).toBe(read('before'))
    expect(terminal.state()).toMatchObject({ alternate: false, modes: { mouseTrackingMode: 'none' } })
    expect(terminal.screenRows().slice(-3)).toEqual(['40', 'done', '$'])
    expect(terminal.text()).toContain('stty -a > "$HOME/before"')
    terminal.line('exit')
    await terminal.exit()
  })

  test('a new size reaches the shell, and the footer stays at the bottom', async () => {
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    for (const [cols, rows] of [
      [100, 30],
      [60, 10],
      [80, 24],
    ] as const) {
      shell.resize(cols, rows)
      shell.line(`clear; until [ "$(stty size)" = "${rows - 1} ${cols}" ]; do :; done; echo size-${rows}`)
      // With the prompt: before it readline asks for the size and sets it again, which may undo the next one.
      await shell.waitForScreen((screen) => new RegExp(`^size-${rows}\nin>`, 'm').test(screen))
      await footerShows(shell, 'unlocked')
      expect(shell.screenRows().filter((row) => row.includes('unlocked'))).toHaveLength(1)
    }
    shell.line('exit')
    await shell.exit()
  })

  test('NO_COLOR: no colour in the footer', async () => {
    await using shell = shellAtTerminal(scratch, { env: { NO_COLOR: '1' } })
    await ready(shell)
    expect(shell.raw).not.toMatch(/\x1b\[1;(?:30|37);4/)
    shell.line('exit')
    await shell.exit()
  })

  test('what scrolls away is in the scrollback, without the footer', async () => {
    await using shell = shellAtTerminal(scratch)
    await ready(shell)
    shell.line('seq 200; echo end')
    await shell.waitForText(/^end/m)
    shell.line("printf '\\e[H\\e[2J'; seq 3; echo again")
    await shell.waitForText(/^again/m)
    await footerShows(shell, 'unlocked') // which the shell had cleared away
    expect(shell.scrollback().filter((row) => row.includes('unlocked'))).toEqual([])
    expect(shell.scrollback().join('\n')).toContain('\n100\n101\n102\n')
    shell.line('exit')
    await shell.exit()
  })
})

test('the watcher and the restorer cost little memory', async () => {
  await using shell = shellAtTerminal(scratch)
  await ready(shell)
  const parts = await partsOf(scratch)
  const kib = (pid: number): number =>
    Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  for (const pid of [parts.parent, parts.restorer, parts.watch]) expect(kib(pid)).toBeLessThan(2048)
  shell.line('exit')
  await shell.exit()
  expect((await run(scratch, ['true'])).status).toBe(0)
})
