/** The menu behind Ctrl-]: what each key does, also on top of what a program has drawn. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { tazpodBinary } from '../support/installed.ts'
import { must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import {
  footerShows,
  heldProject,
  leave,
  PREFIX,
  ready,
  runs,
  shellAtTerminal,
  startBeside,
  startCat,
  unlockedProject,
} from '../support/shell/session.ts'
import { tazpod } from '../support/tazpod.ts'
import { KEY } from '../support/terminal.ts'
import { until } from '../support/until.ts'

let scratch: Scratch
beforeEach(() => {
  scratch = new Scratch()
})
afterEach(() => scratch[Symbol.asyncDispose]())

test('opens, closes by itself, and gives the key to the program', async () => {
  await heldProject(scratch)
  await using shell = shellAtTerminal(scratch)
  await ready(shell)
  await startCat(scratch, shell)
  shell.type(PREFIX)
  await footerShows(shell, 'l lock   u refresh   d dashboard   ? help   Esc')
  await shell.waitForText('^]')
  await footerShows(shell, 'Ctrl-] menu')
  shell.type(PREFIX + PREFIX)
  await shell.waitForText('^]^]')
  shell.type(KEY.ctrlC)
  await shell.waitForText(/\^C\s+in>/)
  await leave(shell)
})

test('--no-keys: every key is the program\u2019s', async () => {
  await heldProject(scratch)
  await using shell = shellAtTerminal(scratch, { flags: ['--no-keys'] })
  await ready(shell)
  expect(shell.screen()).not.toContain('menu')
  await startCat(scratch, shell)
  shell.type(`${PREFIX}l\r`)
  await shell.waitForText('^]l')
  await footerShows(shell, 'unlocked')
  shell.type(KEY.ctrlC)
  await shell.waitForText(/\^C\s+in>/)
  await leave(shell)
})

test('l locks', async () => {
  await heldProject(scratch)
  await using shell = shellAtTerminal(scratch)
  await ready(shell)
  shell.type(`${PREFIX}l`)
  await footerShows(shell, 'LOCKED')
  expect(JSON.parse((await tazpod(scratch, ['status', '--json'])).stdout)).toMatchObject({
    state: 'locked',
  })
  shell.line('echo "still here, $(cat $TOKEN_FILE)"')
  await shell.waitForText('still here, value')
  await leave(shell)
})

test('s locks and ends the others, not this shell', async () => {
  await heldProject(scratch)
  await using shell = shellAtTerminal(scratch)
  await ready(shell)
  await startBeside(scratch, shell)
  shell.type(`${PREFIX}s`)
  await footerShows(shell, 'LOCKED')
  expect(await until(() => !runs(scratch, 'sleep 1000'))).toBe(true)
  shell.line('echo here')
  await shell.waitForText(/^here/m)
  await leave(shell)
})

test('w locks when the others have ended', async () => {
  await heldProject(scratch)
  await using shell = shellAtTerminal(scratch)
  await ready(shell)
  await startBeside(scratch, shell)
  shell.type(`${PREFIX}w`)
  await footerShows(shell, 'locks when 1 running have ended')
  expect(JSON.parse((await tazpod(scratch, ['status', '--json'])).stdout)).toMatchObject({
    state: 'unlocked',
  })
  shell.line('kill %1')
  await footerShows(shell, 'LOCKED')
  await leave(shell)
})

test('u unlocks on the same terminal, and the shell is there again as it was', async () => {
  await unlockedProject(scratch)
  await using shell = shellAtTerminal(scratch)
  await ready(shell)
  shell.line('seq 5')
  await shell.waitForText(/^5\nin>/m)
  await must(scratch, ['lock'])
  await footerShows(shell, 'LOCKED')
  const before = shell.screenRows().slice(0, -1)
  shell.type(`${PREFIX}u`)
  await shell.waitForText('Passphrase of the vault:')
  expect(shell.state().alternate).toBe(true)
  shell.line('wrong-passphrase')
  await shell.waitForScreen((screen) => screen.split('Passphrase of the vault:').length === 3)
  shell.line(PASSPHRASE)
  await footerShows(shell, 'unlocked')
  expect(shell.state().alternate).toBe(false)
  expect(shell.screenRows().slice(0, -1)).toEqual(before)
  shell.line(`'${tazpodBinary()}' exec -- sh -c 'echo "again $(cat $TOKEN_FILE)"'`)
  await shell.waitForText('again value')
  await leave(shell)
})

test('u while it is unlocked fetches anew, and says so', async () => {
  await unlockedProject(scratch)
  await using shell = shellAtTerminal(scratch)
  await ready(shell)
  shell.type(`${PREFIX}u`)
  await footerShows(shell, 'secrets fetched anew')
  expect(shell.state().alternate).toBe(false)
  await leave(shell)
})

test('u that fails says why, and any key goes back', async () => {
  await unlockedProject(scratch)
  await using shell = shellAtTerminal(scratch)
  await ready(shell)
  await must(scratch, ['lock'])
  await footerShows(shell, 'LOCKED')
  shell.type(`${PREFIX}u`)
  await shell.waitForText('Passphrase of the vault:')
  shell.type(KEY.ctrlC)
  await shell.waitForText('any key goes back')
  shell.type('x')
  await footerShows(shell, 'LOCKED')
  shell.line('echo back')
  await shell.waitForText(/^back/m)
  await leave(shell)
})

test('from inside a full-screen program too', async () => {
  await unlockedProject(scratch)
  await using shell = shellAtTerminal(scratch)
  await ready(shell)
  scratch.file('project/text', 'some text\n'.repeat(100))
  shell.line('less text')
  await shell.waitForScreen((screen) => screen.startsWith(`${'some text\n'.repeat(22)}text\n`))
  await must(scratch, ['lock'])
  await footerShows(shell, 'LOCKED')
  const before = shell.screenRows().slice(0, -1)
  shell.type(`${PREFIX}u`)
  await shell.waitForText('Passphrase of the vault:')
  shell.line(PASSPHRASE)
  await footerShows(shell, 'unlocked')
  await shell.waitForScreen(() => JSON.stringify(shell.screenRows().slice(0, -1)) === JSON.stringify(before))
  shell.type('q')
  await leave(shell)
})

test('? shows the help and goes back', async () => {
  await heldProject(scratch)
  await using shell = shellAtTerminal(scratch)
  await ready(shell)
  shell.line('(until [ -e "$HOME/go" ]; do sleep 0.05; done; printf "la%s"  te; : > "$HOME/gone") &')
  shell.type(`${PREFIX}?`)
  await shell.waitForText('any key goes back')
  expect(
    shell
      .screen()
      .split('\n')
      .filter((row) => row.length > 78),
  ).toEqual([]) // no line is broken
  scratch.file('go', '')
  expect(await until(() => existsSync(join(scratch.home, 'gone')))).toBe(true)
  expect(await until(() => shell.screen().includes('late'), 300)).toBe(false) // the shell waits
  shell.type(' ')
  await footerShows(shell, 'unlocked')
  await shell.waitForText(/late/)
  await leave(shell)
})

test('a window that changes its size while the help is shown', async () => {
  await heldProject(scratch)
  await using shell = shellAtTerminal(scratch)
  await ready(shell)
  shell.type(`${PREFIX}?`)
  await shell.waitForText('any key goes back')
  shell.resize(90, 30)
  shell.type(' ')
  await shell.waitForScreen(() => shell.screenRows()[29]?.includes('unlocked') === true)
  shell.line('stty size')
  await shell.waitForText('29 90')
  await leave(shell)
})

test('and while the dashboard is', async () => {
  await heldProject(scratch)
  await using shell = shellAtTerminal(scratch)
  await ready(shell)
  shell.type(`${PREFIX}d`)
  await shell.waitForText('[1 secrets')
  shell.resize(90, 30)
  await shell.waitForScreen(() => shell.screenRows()[29]?.includes('q quit') === true)
  shell.type('q')
  await shell.waitForScreen(() => shell.screenRows()[29]?.includes('unlocked') === true)
  shell.line('stty size')
  await shell.waitForText('29 90')
  await leave(shell)
})
