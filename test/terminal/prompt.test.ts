import { expect, test } from 'vitest'
import { between, codeOf } from '../support/before-and-after.ts'
import { tazpodBinary } from '../support/installed.ts'
import { makeVault, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { run, tazpod } from '../support/tazpod.ts'
import { KEY, Terminal } from '../support/terminal.ts'

const PROMPT = 'Passphrase of the vault:'

async function withVault(): Promise<Scratch> {
  const scratch = new Scratch()
  await makeVault(scratch)
  return scratch
}

test('the right passphrase unlocks, and no character of it is shown', async () => {
  await using scratch = await withVault()
  await using terminal = between(scratch, '"$1" pull')
  await terminal.waitForText(PROMPT)
  terminal.line(PASSPHRASE)
  expect(await codeOf(terminal)).toBe(0)
  expect(terminal.text()).toContain('unlocked')
  expect(terminal.raw).not.toContain(PASSPHRASE.slice(0, 6))
})

test('three wrong passphrases end it with 77, and nothing is unlocked', async () => {
  await using scratch = await withVault()
  await using terminal = between(scratch, '"$1" pull')
  for (let tries = 1; tries <= 3; tries++) {
    await terminal.waitForScreen((screen) => screen.split(PROMPT).length - 1 === tries)
    terminal.line(`wrong ${tries}`)
  }
  expect(await codeOf(terminal)).toBe(77)
  expect(terminal.text()).toContain(
    'wrong passphrase, 3 tries\n  next: tazpod vault passwd --recovery, if it is lost',
  )
  expect((await tazpod(scratch, ['status', '--json'])).stdout).toContain('"locked"')
})

test.each([
  ['Ctrl-C', KEY.ctrlC, 130],
  ['Ctrl-C after some characters', `abc${KEY.ctrlC}`, 130],
  ['Ctrl-\\', KEY.ctrlBackslash, 130],
  ['Esc', KEY.escape, 130],
  ['Esc after some characters', `abc${KEY.escape}`, 130],
  ['Ctrl-D', KEY.ctrlD, 77],
  ['Enter alone', KEY.enter, 77],
  ['1,100 characters', `${'x'.repeat(1_100)}${KEY.enter}`, 77],
])('%s at the prompt: nothing happens', async (_name, keys, code) => {
  await using scratch = await withVault()
  await using terminal = between(scratch, '"$1" pull')
  await terminal.waitForText(PROMPT)
  terminal.type(keys)
  expect(await codeOf(terminal)).toBe(code)
  expect((await tazpod(scratch, ['status', '--json'])).stdout).toContain('"locked"')
})

test('what was typed before the prompt is no part of the answer, and never runs', async () => {
  await using scratch = await withVault()
  await using terminal = between(scratch, 'echo READY; until [ -e go ]; do :; done; "$1" pull')
  await terminal.waitForText('READY')
  terminal.type(`early${KEY.enter}more`)
  await terminal.waitForText('more') // the terminal has echoed it, and keeps it for the next reader
  scratch.file('project/go', '')
  await terminal.waitForText(PROMPT)
  terminal.line(PASSPHRASE)
  expect(await codeOf(terminal)).toBe(0)
  expect(terminal.text()).not.toContain('wrong') // it was the first answer, not the second
})

test('the line can be edited: backspace takes whole characters, Ctrl-U the line, arrows leave no trace', async () => {
  await using scratch = await withVault()
  await using terminal = between(scratch, '"$1" pull')
  await terminal.waitForText(PROMPT)
  const [head, tail] = [PASSPHRASE.slice(0, 5), PASSPHRASE.slice(5)]
  terminal.type(`garbage\x15${head}é\x7f\x1b[A\x1bOP\x1b[200~${tail}\x1b[201~${KEY.enter}`)
  expect(await codeOf(terminal)).toBe(0)
})

test('an arrow key whose sequence comes in pieces is not Esc', async () => {
  await using scratch = await withVault()
  await using terminal = between(scratch, '"$1" pull')
  await terminal.waitForText(PROMPT)
  terminal.type('\x1b')
  terminal.type('[A')
  terminal.line(PASSPHRASE)
  expect(await codeOf(terminal)).toBe(0)
})

test('Ctrl-Z gives the terminal back, fg asks again', async () => {
  await using scratch = await withVault()
  await using terminal = new Terminal(scratch, ['sh', '-i', '-m'], { env: { PS1: 'PROMPT> ' } })
  // Not bash: that one repairs the terminal by itself, and would hide what was left behind.
  await terminal.waitForText('PROMPT>')
  terminal.line(`stty -a | md5sum; ${tazpodBinary()} pull`)
  await terminal.waitForText(PROMPT)
  terminal.type(`half${KEY.ctrlZ}`)
  await terminal.waitForText(/Stopped/)
  terminal.line('stty -a | md5sum')
  await terminal.waitForText(/([0-9a-f]{32})[\s\S]*\1/)
  terminal.line('fg')
  await terminal.waitForScreen((screen) => screen.split(PROMPT).length - 1 === 2)
  terminal.line(PASSPHRASE)
  await terminal.waitForText('unlocked:')
  terminal.line('stty -a | md5sum; exit')
  await terminal.waitForText(/([0-9a-f]{32})[\s\S]*\1[\s\S]*\1/)
})

test('SIGTERM at the prompt restores the terminal', async () => {
  await using scratch = await withVault()
  await using terminal = between(scratch, '"$1" pull')
  await terminal.waitForText(PROMPT)
  const node = scratch.processes().find((p) => p.command.includes('main.js pull'))
  process.kill(node!.pid, 'SIGTERM')
  expect(await codeOf(terminal)).toBe(143)
})

test('a line typed where y or n was asked is a no, and no passphrase', async () => {
  await using scratch = new Scratch()
  await using terminal = between(scratch, '"$1" vault init')
  await terminal.waitForText('[y/N]')
  terminal.line('four words and some more')
  await terminal.waitForText('New passphrase of the vault:')
  terminal.type(KEY.ctrlC)
  expect(await codeOf(terminal)).toBe(130)
  expect(terminal.text()).not.toContain("can't be used")
})

test('without a terminal, and with --non-interactive, nobody is asked: 75 with what to do', async () => {
  await using scratch = await withVault()
  const piped = await run(scratch, ['setsid', '--wait', tazpodBinary(), 'pull'], { stdin: `${PASSPHRASE}\n` })
  expect(piped.stderr).toMatch(
    /no terminal to ask for the passphrase of the vault\n {2}next: .*--passphrase-fd/,
  )
  expect(piped.status).toBe(75)
  await using terminal = between(scratch, '"$1" pull --non-interactive')
  expect(await codeOf(terminal)).toBe(75)
})

test('--passphrase-fd: one newline is stripped; empty, closed, endless, wrong and a terminal are refused', async () => {
  await using scratch = await withVault()
  const pull = (script: string) => run(scratch, ['bash', '-c', script, 'bash', tazpodBinary()])
  expect((await pull(`"$1" pull -q --passphrase-fd 3 3< <(printf '%s\\n' ${PASSPHRASE})`)).status).toBe(0)
  expect((await pull('"$1" lock')).status).toBe(0)
  expect((await pull(`"$1" pull --passphrase-fd 3 3< <(printf 'wrong')`)).status).toBe(77)
  expect((await pull('"$1" pull --passphrase-fd 3 3< /dev/null')).stderr).toContain('delivered nothing')
  expect((await pull('"$1" pull --passphrase-fd 3 3< /dev/zero')).stderr).toContain('longer than 1024 bytes')
  expect((await pull('"$1" pull --passphrase-fd 3 3< /')).stderr).toContain('is a directory')
  for (const fd of [3, 5, 7, 9, 14, 15, 22, 100]) {
    const closed = await pull(`"$1" pull --passphrase-fd ${fd}`)
    expect(closed.stderr, `descriptor ${fd}`).toMatch(/is not open|delivered nothing/)
    expect([64, 77], `descriptor ${fd}`).toContain(closed.status)
  }
  await using terminal = between(scratch, '"$1" pull --passphrase-fd 0')
  expect(await codeOf(terminal)).toBe(64)
  expect(terminal.text()).toContain('is a terminal')
})
