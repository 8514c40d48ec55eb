/** `writeback:` of a secret: what a command makes of its file is kept, exactly once, or it is said that it was dropped. */
import { beforeEach, expect, test } from 'vitest'
import { tazpodBinary } from '../support/installed.ts'
import { makeProject, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { unlocked } from '../support/story.ts'
import { startTazpod, tazpod } from '../support/tazpod.ts'
import { KEY, tazpodAtTerminal } from '../support/terminal.ts'
import { until } from '../support/until.ts'

const KUBECONFIG = 'apiVersion: v1\nkind: Config\ncurrent-context: one\n'
const config = (writeback: string) =>
  `version: 1\nprovider: vault\nsecrets: [{ name: KUBE, env: KUBECONFIG${writeback} }, { name: OTHER }]\n`

let scratch: Scratch
beforeEach(async () => {
  scratch = new Scratch()
  await unlocked(scratch, { config: config(', writeback: true'), secrets: { KUBE: KUBECONFIG, OTHER: 'o' } })
  return () => scratch[Symbol.asyncDispose]()
})

const sh = (script: string) => tazpod(scratch, ['exec', '--', 'sh', '-c', script])
const seen = async () => (await sh('cat "$KUBECONFIG"')).stdout
const inVault = () => must(scratch, ['vault', 'get', '--reveal', 'KUBE'], { passphrase: PASSPHRASE })

test.each([
  ['in place', 'sed -i s/one/two/ "$KUBECONFIG"'],
  [
    'by another file in its place',
    'sed s/one/two/ "$KUBECONFIG" >"$KUBECONFIG.new" && mv "$KUBECONFIG.new" "$KUBECONFIG"',
  ],
])('changed %s: the next command sees it, the vault does not', async (_, script) => {
  const changed = await sh(script)
  expect(changed).toMatchObject({ status: 0, stdout: '' })
  expect(changed.stderr).toBe('tazpod: sh changed KUBE: kept until lock or the next pull\n')
  expect(await seen()).toBe(KUBECONFIG.replace('one', 'two'))
  expect(await inVault()).toBe(KUBECONFIG)
  await must(scratch, ['pull'])
  expect(await seen()).toBe(KUBECONFIG)
})

test.each([
  ['nothing', ':', ''],
  ['the same content', 'cp "$KUBECONFIG" x && cat x >"$KUBECONFIG"; rm x', ''],
  ['no file', 'rm "$KUBECONFIG"', ''],
  ['an empty file', ': >"$KUBECONFIG"', 'its file is empty'],
  ['a NUL', 'printf "a: \\0" >>"$KUBECONFIG"', 'its file has a NUL byte'],
  ['another format', 'echo words >"$KUBECONFIG"', 'its file is no YAML mapping any more'],
  ['no text', 'printf "a: \\377" >"$KUBECONFIG"', 'its file is no text any more'],
  ['over 1 MiB', 'head -c 1100000 /dev/zero | tr "\\0" x >"$KUBECONFIG"', 'a plain file of at most 1 MiB'],
  ['a link', 'ln -sf /etc/hostname "$KUBECONFIG"', 'a plain file of at most 1 MiB'],
])('%s: the old value stays', async (_, script, why) => {
  const done = await sh(script)
  expect(done.status).toBe(0)
  if (why === '') expect(done.stderr).toBe('')
  else expect(done.stderr).toMatch(new RegExp(`dropped[\\s\\S]*${why}|${why}[\\s\\S]*dropped`))
  expect(await seen()).toBe(KUBECONFIG)
})

test('of two commands that change it the second is told that its change was dropped', async () => {
  const slow = startTazpod(scratch, [
    'exec',
    '--',
    'sh',
    '-c',
    'sed -i s/one/slow/ "$KUBECONFIG"; sleep 1000 & trap "kill $!; exit 3" TERM; : >ready; wait',
  ])
  let said = ''
  slow.stderr?.on('data', (chunk) => (said += chunk))
  const ended = new Promise((resolve) => slow.on('close', resolve))
  expect(await until(async () => (await sh('test -e ready')).status === 0)).toBe(true)
  expect((await sh('sed -i s/one/fast/ "$KUBECONFIG"')).stderr).toContain('kept until lock')
  slow.kill('SIGTERM') // passed on to the command
  await ended
  expect(said).toContain('what sh made of KUBE was dropped: another command or a pull changed it meanwhile')
  expect(await seen()).toBe(KUBECONFIG.replace('one', 'fast'))
})

test('locked in between: dropped, and said', async () => {
  const done = await sh(`sed -i s/one/two/ "$KUBECONFIG"; '${tazpodBinary()}' lock >x; rm x`)
  expect(done.stderr).toContain('dropped')
})

test('exit codes, signals and standard input are the command’s own', async () => {
  expect((await sh('exit 7')).status).toBe(7)
  expect(await sh('kill -SEGV $$')).toMatchObject({ status: null, signal: 'SIGSEGV' })
  const piped = await tazpod(scratch, ['exec', '--', 'cat'], { stdin: 'in and out' })
  expect(piped).toMatchObject({ status: 0, stdout: 'in and out', stderr: '' })
})

test.each([
  ['y', 'kept in the vault', true],
  ['n', 'not in the vault', false],
])('writeback: vault asks; %s', async (answer, words, stored) => {
  await makeProject(scratch, config(', writeback: vault'))
  await must(scratch, ['pull'], { passphrase: PASSPHRASE })
  const change = ['exec', '--', 'sh', '-c', 'sed -i s/one/two/ "$KUBECONFIG"']
  await using terminal = tazpodAtTerminal(scratch, change)
  await terminal.waitForText('sh changed KUBE. Keep the change in the vault? [y/N]')
  terminal.line(answer)
  if (stored) {
    await terminal.waitForText('Passphrase of the vault:')
    terminal.line(PASSPHRASE)
  }
  expect((await terminal.exit()).exitCode).toBe(0)
  expect(terminal.text()).toContain(words)
  expect(await seen()).toBe(KUBECONFIG.replace('one', 'two'))
  expect(await inVault()).toBe(stored ? KUBECONFIG.replace('one', 'two') : KUBECONFIG)
})

test('without writeback a person at a terminal is told that the change was dropped; a script is not disturbed', async () => {
  await makeProject(scratch, config(''))
  await must(scratch, ['pull'], { passphrase: PASSPHRASE })
  const change = ['exec', '--', 'sh', '-c', 'sed -i s/one/two/ "$KUBECONFIG"']
  expect(await tazpod(scratch, change)).toMatchObject({ status: 0, stderr: '' })
  await using terminal = tazpodAtTerminal(scratch, [
    'exec',
    '--',
    'sh',
    '-c',
    'sed -i s/one/two/ "$KUBECONFIG"; sleep 0.2',
  ])
  await terminal.waitForText('sh changed its copy of KUBE, and the change was dropped')
  const same = ['exec', '--', 'sh', '-c', 'cp "$KUBECONFIG" x; cat x >"$KUBECONFIG"; rm x; sleep 0.2']
  await using again = tazpodAtTerminal(scratch, same)
  await again.exit()
  expect(again.text()).toBe('')
  expect(await seen()).toBe(KUBECONFIG)
})

test('Ctrl-C at the terminal is the command’s to answer, and what it changed is kept', async () => {
  const change =
    'trap "exit 5" INT; sed -i s/one/two/ "$KUBECONFIG"; echo changed; while :; do sleep 0.05; done'
  await using terminal = tazpodAtTerminal(scratch, ['exec', '--', 'sh', '-c', change])
  await terminal.waitForText('changed')
  terminal.type(KEY.ctrlC)
  expect((await terminal.exit()).exitCode).toBe(5)
  expect(terminal.text()).toContain('sh changed KUBE: kept until lock')
  expect(await seen()).toBe(KUBECONFIG.replace('one', 'two'))
})

/** It may have ended by itself. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

test('killed at 12 moments around its end: the old value or the new one, and the next change is kept', async () => {
  for (let round = 0; round < 12; round++) {
    const child = startTazpod(scratch, ['exec', '--', 'sh', '-c', `echo "round: ${round}" >>"$KUBECONFIG"`])
    await new Promise((resolve) => setTimeout(resolve, 5 + round * 40))
    for (const { pid, command } of scratch.processes()) if (!command.includes('ghost hold')) kill(pid)
    await new Promise((resolve) =>
      child.exitCode !== null || child.signalCode !== null ? resolve(0) : child.on('close', resolve),
    )
    const now = await seen()
    expect(now).toMatch(/^apiVersion: v1\nkind: Config\ncurrent-context: one\n(round: \d+\n)*$/)
  }
  expect((await sh('sed -i s/one/last/ "$KUBECONFIG"')).stderr).toContain('kept until lock')
  expect(await seen()).toContain('current-context: last')
})
