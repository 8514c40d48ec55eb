import { expect, test } from 'vitest'
import { Scratch } from './scratch.ts'
import { run } from './tazpod.ts'
import { KEY, Terminal } from './terminal.ts'
import { sayWhy } from './tools.ts'
import { until } from './until.ts'
import { isRoot, ownUid, STRANGER } from './users.ts'

test('a program sees a terminal, its size and what is typed', async () => {
  await using scratch = new Scratch()
  await using terminal = new Terminal(scratch, [
    'sh',
    '-c',
    'stty size; tty; read line; echo "got $line"; exit 7',
  ])
  await terminal.waitForText('30 100')
  await terminal.waitForText(/\/dev\/pts\/\d+/)
  terminal.line('words')
  expect(await terminal.exit()).toEqual({ exitCode: 7, signal: 0 })
  expect(terminal.screen()).toContain('got words')
})

test('Ctrl-C is a SIGINT of the foreground program', async () => {
  await using scratch = new Scratch()
  await using terminal = new Terminal(scratch, [
    'sh',
    '-c',
    'trap "echo INT; exit 3" INT; echo ready; read x',
  ])
  await terminal.waitForText('ready')
  terminal.type(KEY.ctrlC)
  expect(await terminal.exit()).toMatchObject({ exitCode: 3 })
  expect(terminal.text()).toContain('INT')
})

test('waiting for a text that never comes fails and shows the screen', async () => {
  await using scratch = new Scratch()
  await using terminal = new Terminal(scratch, ['sh', '-c', 'echo something else; exit 0'])
  await expect(terminal.waitForText('never')).rejects.toThrow(/something else/)
})

test('a program runs with the environment of the scratch and nothing more, as its owner', async () => {
  process.env.TZ_TEST_LEAK = 'leaked'
  await using scratch = new Scratch()
  const env = await run(scratch, ['env'])
  expect(env.stdout).toContain(`HOME=${scratch.home}\n`)
  expect(env.stdout).not.toContain('leaked')
  const id = await run(scratch, ['id', '-u'])
  expect(id.stdout).toBe(`${scratch.uid}\n`)
  const write = await run(scratch, ['sh', '-c', 'cat >"$HOME/x" && cat "$HOME/x"'], { stdin: 'bytes\0\xff' })
  expect(write).toMatchObject({ status: 0, stdout: 'bytes\0\xff' })
})

test('a passphrase arrives on descriptor 3 and a run that hangs is ended', async () => {
  await using scratch = new Scratch()
  const read = await run(scratch, ['sh', '-c', 'cat <&3'], { passphrase: 'pass word' })
  expect(read.stdout).toBe('pass word\n')
  const hung = await run(scratch, ['sleep', '60'], { timeout: 200 })
  expect(hung).toMatchObject({ status: null, timedOut: true })
})

test('another user is refused the home of a scratch', async () => {
  if (!isRoot()) return sayWhy(`uid ${ownUid()} can't act as another user`)
  await using scratch = new Scratch()
  const stranger = await run(scratch, ['ls', scratch.home], { uid: STRANGER, cwd: '/' })
  expect(stranger.stderr).toContain('Permission denied')
})

test('disposal fails when a process is left, and ends it', async () => {
  const scratch = new Scratch()
  await run(scratch, ['sh', '-c', 'setsid sleep 300 >/dev/null 2>&1 </dev/null & exit 0'])
  // The shell ends when its child is forked: it becomes sleep a moment later.
  await until(() => scratch.processes().some((process) => process.command.startsWith('sleep')))
  expect(scratch.processes()).toHaveLength(1)
  await expect(scratch[Symbol.asyncDispose]()).rejects.toThrow(/left behind.*sleep 300/s)
  expect(scratch.processes()).toEqual([])
})
