/** `tazpod exec` while locked: it asks at the terminal, unlocks and becomes the command, or starts nothing. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { tazpodBinary } from '../support/installed.ts'
import { makeProject, makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { ONE_FILE } from '../support/story.ts'
import { run, tazpod } from '../support/tazpod.ts'
import { KEY, Terminal } from '../support/terminal.ts'

const PROMPT = 'Passphrase of the vault:'
let scratch: Scratch
beforeAll(async () => {
  scratch = new Scratch()
  await makeVault(scratch, { TOKEN: 'value' })
  await makeProject(scratch, ONE_FILE)
})
afterEach(async () => {
  await tazpod(scratch, ['lock'])
  await run(scratch, ['rm', '-f', 'started', 'out', 'err'])
})
afterAll(() => scratch[Symbol.asyncDispose]())

const path = (name: string): string => join(scratch.project, name)
const content = (name: string): string => readFileSync(path(name), 'utf8')
const state = async (): Promise<string> => JSON.parse(await must(scratch, ['status', '--json'])).state

/** A shell at a terminal in which `$1` is tazpod; prints the settings of the terminal before and after. A Ctrl-C is for
 * the whole job, so the shell needs a trap to tell what it saw. */
function shell(script: string): Terminal {
  const around = `trap : INT; stty -a | md5sum | sed 's/^/before /'; ${script}; code=$?; echo; echo "code=$code"; stty -a | md5sum | sed 's/^/after /'; echo END`
  return new Terminal(scratch, ['bash', '--norc', '-c', around, 'bash', tazpodBinary()])
}

/** The exit code that the shell saw; the terminal's settings must be as before. */
async function codeOf(terminal: Terminal): Promise<number> {
  await terminal.waitForText(/^END$/m)
  const settings = (word: string) => new RegExp(`^${word} (\\w+)`, 'm').exec(terminal.text())?.[1]
  expect(settings('after')).toBe(settings('before'))
  return Number(/^code=(\d+)/m.exec(terminal.text())?.[1])
}

test("asks, unlocks and runs; the command's output is its own alone", async () => {
  const command = `sh -c 'cat "$TOKEN_FILE"; echo to-err >&2; exit 7'`
  await using terminal = shell(`"$1" exec -- ${command} >out 2>err`)
  await terminal.waitForText(PROMPT)
  terminal.line(PASSPHRASE)
  expect(await codeOf(terminal)).toBe(7)
  expect(content('out')).toBe('value')
  expect(content('err')).toMatch(/to-err\n$/)
  expect(terminal.raw).not.toContain(PASSPHRASE.slice(0, 6))
  expect(await state()).toBe('unlocked')
})

test('the second command of the same shell is not asked again', async () => {
  await using terminal = shell('"$1" exec -- sh -c "echo one"; "$1" exec -- sh -c "echo two"')
  await terminal.waitForText(PROMPT)
  terminal.line(PASSPHRASE)
  expect(await codeOf(terminal)).toBe(0)
  expect(terminal.text().split(PROMPT)).toHaveLength(2)
  expect(terminal.text()).toMatch(/^one$[\s\S]*^two$/m)
})

test('the command gets all of standard input: the prompt reads the terminal and takes nothing of it', async () => {
  await using terminal = shell('seq 3000 | "$1" exec -- cat >out')
  await terminal.waitForText(PROMPT)
  terminal.line(PASSPHRASE)
  expect(await codeOf(terminal)).toBe(0)
  expect(content('out').split('\n')).toHaveLength(3001)
  expect(content('out')).toMatch(/^1\n2\n/)
})

test.each([
  ['Ctrl-C', KEY.ctrlC, 130],
  ['Ctrl-C in the middle of the passphrase', `grav${KEY.ctrlC}`, 130],
  ['Ctrl-\\', KEY.ctrlBackslash, 130],
  ['Ctrl-D', KEY.ctrlD, 77],
])('%s at the prompt: nothing is started, the terminal is as before', async (_, keys, code) => {
  await using terminal = shell('"$1" exec -- touch started')
  await terminal.waitForText(PROMPT)
  terminal.type(keys)
  expect(await codeOf(terminal)).toBe(code)
  expect(existsSync(path('started'))).toBe(false)
  expect(await state()).toBe('locked')
})

test('Ctrl-C at the prompt ends a script as it would at any command', async () => {
  await using terminal = new Terminal(scratch, [
    ...['bash', '-c', '"$0" exec -- touch started; echo "the script went on"', tazpodBinary()],
  ])
  await terminal.waitForText(PROMPT)
  terminal.type(KEY.ctrlC)
  await terminal.exit()
  expect(terminal.text()).not.toContain('the script went on')
  expect(existsSync(path('started'))).toBe(false)
})

test('three wrong passphrases: 77, nothing is started', async () => {
  await using terminal = shell('"$1" exec -- touch started')
  for (let tries = 1; tries <= 3; tries++) {
    await terminal.waitForScreen((screen) => screen.split(PROMPT).length - 1 === tries)
    terminal.line(`wrong ${tries}`)
  }
  expect(await codeOf(terminal)).toBe(77)
  expect(existsSync(path('started'))).toBe(false)
  expect(await state()).toBe('locked')
})

test('what is typed before the prompt is neither the passphrase nor input of the command', async () => {
  const command = `sh -c 'echo UP; read -r line; echo "line is <$line>"'`
  await using terminal = shell(`echo READY; read -rsn1; "$1" exec -- ${command}`)
  await terminal.waitForText('READY')
  terminal.type(`x${PASSPHRASE.slice(0, 4)}${KEY.enter}early line${KEY.enter}`)
  await terminal.waitForText(PROMPT)
  terminal.line(PASSPHRASE)
  await terminal.waitForText(/^UP$/m)
  terminal.line('late line')
  expect(await codeOf(terminal)).toBe(0)
  expect(terminal.text()).toContain('line is <late line>')
})

test("signals are the command's again after the prompt: one Ctrl-C ends it", async () => {
  const command = `sh -c 'grep SigIgn /proc/self/status; echo UP; exec sleep 100'`
  await using terminal = shell(`grep SigIgn /proc/self/status; "$1" exec -- ${command}`)
  await terminal.waitForText(PROMPT)
  terminal.line(PASSPHRASE)
  await terminal.waitForText(/^UP$/m)
  terminal.type(KEY.ctrlC)
  expect(await codeOf(terminal)).toBe(130)
  const [before, inside] = terminal.text().match(/^SigIgn:.*$/gm) ?? []
  expect(inside).toBe(before)
})

test('without a terminal nobody is asked: 75 with what to do, nothing is started', async () => {
  const argv = ['setsid', '--wait', tazpodBinary(), 'exec', '--', 'touch', 'started']
  const refused = await run(scratch, argv, { stdin: `${PASSPHRASE}\n` })
  expect(refused).toMatchObject({ status: 75, stdout: '' })
  expect(refused.stderr).toMatch(/^tazpod: locked.*\n {2}next: tazpod pull/)
  await using terminal = shell('"$1" exec --non-interactive -- touch started')
  expect(await codeOf(terminal)).toBe(75)
  expect(terminal.text()).not.toContain(PROMPT)
  expect(existsSync(path('started'))).toBe(false)
})

test('a command that does not exist is told before anybody is asked', async () => {
  await using terminal = shell('"$1" exec -- no-such-command-here')
  expect(await codeOf(terminal)).toBe(127)
  expect(terminal.text()).not.toContain(PROMPT)
})

test('--passphrase-fd unlocks without a terminal, and the command does not inherit the descriptor', async () => {
  const list = `sh -c 'cat "$TOKEN_FILE"; ls /proc/self/fd'`
  const bare = await run(scratch, ['bash', '-c', `TOKEN_FILE=/dev/null ${list}`])
  const script = `setsid --wait "$0" exec --passphrase-fd 5 -- ${list} 5<<<'${PASSPHRASE}'`
  const ours = await run(scratch, ['bash', '-c', script, tazpodBinary()])
  expect(ours).toMatchObject({ status: 0, stdout: `value${bare.stdout}` })
})
