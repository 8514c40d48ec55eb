/** A shell, a terminal multiplexer or another terminal inside `tazpod exec`, and tazpod inside those. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tazpodBinary } from '../support/installed.ts'
import { Scratch } from '../support/scratch.ts'
import { held, ONE_FILE } from '../support/story.ts'
import { run, tazpod } from '../support/tazpod.ts'
import { KEY, Terminal, tazpodAtTerminal } from '../support/terminal.ts'
import { need } from '../support/tools.ts'

let scratch: Scratch
beforeAll(async () => {
  scratch = new Scratch()
  await held(scratch, { config: ONE_FILE, secrets: { TOKEN: 'value' } })
})
afterAll(() => scratch[Symbol.asyncDispose]())

test('bash has job control, runs what is granted and tazpod itself, and its exit code is ours', async () => {
  const options = { env: { PS1: 'inside> ' }, cols: 140 }
  await using shell = tazpodAtTerminal(
    scratch,
    ['exec', '--', 'bash', '--norc', '--noprofile', '-i'],
    options,
  )
  await shell.waitForText('inside>')
  expect(shell.text()).not.toContain('no job control')
  shell.line('echo "has $(cat $TOKEN_FILE)"')
  await shell.waitForText('has value')
  shell.line(`'${tazpodBinary()}' exec -- sh -c 'echo "nested $(cat $TOKEN_FILE)"; exec sleep 100'`)
  await shell.waitForText('nested value')
  shell.type(KEY.ctrlZ)
  await shell.waitForText('Stopped')
  shell.line('kill %1; while jobs -s | grep -q Stopped; do :; done; echo "gone $((40 + 2))"')
  await shell.waitForText('gone 42')
  shell.line('exit 3')
  expect(await shell.exit()).toEqual({ exitCode: 3, signal: 0 })
})

test.skipIf(!need('script', 'a terminal made inside'))(
  'a terminal made inside, and tazpod in it',
  async () => {
    const nested = `'${tazpodBinary()}' exec -- sh -c 'test -t 0 && stty size && cat "$TOKEN_FILE"'`
    const script = ['script', '-qec', `stty cols 91 rows 17; ${nested}; exit 6`, '/dev/null']
    const made = await tazpod(scratch, ['exec', '--', ...script])
    expect(made).toMatchObject({ status: 6, stdout: '17 91\r\nvalue' })
  },
)

test.skipIf(!need('tmux', 'tmux inside'))(
  'tmux inside: its windows have what its command was given',
  async () => {
    await using terminal = tazpodAtTerminal(scratch, [
      ...['exec', '--', 'tmux', '-f', '/dev/null', '-S', `${scratch.tmp}/tmux`],
      ...['new-session', 'cat "$TOKEN_FILE"; exec sh'],
    ])
    await terminal.waitForScreen((screen) => screen.startsWith('value'))
    terminal.line('clear; echo "again $(cat $TOKEN_FILE)"; read -r x; exit')
    await terminal.waitForScreen((screen) => screen.includes('again value'))
    terminal.line('')
    expect(await terminal.exit()).toMatchObject({ exitCode: 0 })
  },
)

test.skipIf(!need('tmux', 'lock while tmux runs'))(
  'lock ends no command: it says what still runs',
  async () => {
    await using own = new Scratch()
    await held(own, { config: ONE_FILE, secrets: { TOKEN: 'value' } })
    await using terminal = new Terminal(own, [tazpodBinary(), 'exec', '--', 'sh', '-c', 'echo UP; read -r x'])
    await terminal.waitForText('UP')
    const locked = await run(own, [tazpodBinary(), 'lock'])
    expect(locked.status).toBe(0)
    expect(locked.stdout + locked.stderr).toMatch(/\bsh\b/)
    terminal.line('')
    expect(await terminal.exit()).toMatchObject({ exitCode: 0 })
  },
)
