import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { between, codeOf } from '../support/before-and-after.ts'
import { makeProject, makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { tazpod } from '../support/tazpod.ts'
import { KEY, type Terminal } from '../support/terminal.ts'

const PROJECT = `version: 1
provider: vault
secrets:
  - { name: TOKEN, file: token }
commands:
  sh: { secrets: [TOKEN] }
`
const ASK = {
  project: 'Set up this folder as one? [y/N]',
  generate: 'Shall tazpod make up a strong passphrase? [y/N]',
  first: 'New passphrase of the vault:',
  second: 'New passphrase of the vault again:',
  vault: 'Make it now? [Y/n]',
  trust: 'Trust it? [y/N]',
  unlock: /^Passphrase of the vault:/m,
}

/** `tazpod` without arguments. */
const guide = (scratch: Scratch): Terminal => between(scratch, '"$1"', { rows: 40 })

async function answer(terminal: Terminal, question: string | RegExp, keys: string): Promise<void> {
  await terminal.waitForText(question)
  terminal.type(keys)
}

/** The last step is a shell with its footer; whoever leaves it is back where they came from. */
async function leaveShell(terminal: Terminal): Promise<void> {
  // Its prompt too: what is typed before it leaves the cursor in the middle of a row.
  await terminal.waitForScreen(
    (screen) => /unlocked .*Ctrl-\] menu/.test(screen) && /^[$#]( |$)/m.test(screen),
  )
  terminal.line('exit')
}

const stateOf = async (scratch: Scratch): Promise<string> =>
  JSON.parse(await must(scratch, ['status', '--json'])).state

test('from nothing to unlocked: project, vault, passphrase, and what comes next', async () => {
  await using scratch = new Scratch()
  await using terminal = guide(scratch)
  await answer(terminal, ASK.project, `y${KEY.enter}`)
  await answer(terminal, ASK.generate, KEY.enter)
  await answer(terminal, ASK.first, `${PASSPHRASE}${KEY.enter}`)
  await answer(terminal, ASK.second, `${PASSPHRASE}${KEY.enter}`)
  await answer(terminal, ASK.unlock, `${PASSPHRASE}${KEY.enter}`)
  await leaveShell(terminal)
  expect(await codeOf(terminal)).toBe(0)
  expect(await stateOf(scratch)).toBe('unlocked')
  expect(existsSync(join(scratch.project, 'tazpod.yaml'))).toBe(true)
  expect(terminal.raw).not.toContain(PASSPHRASE.slice(0, 6))
})

test('a vault, a new project file: the grants are shown, agreed to, and the passphrase unlocks', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch, { TOKEN: 'x' })
  await makeProject(scratch, PROJECT, false)
  await using terminal = guide(scratch)
  await answer(terminal, ASK.trust, `y${KEY.enter}`)
  expect(terminal.text()).toMatch(/is new\. It grants:\ncommand +gets/)
  await answer(terminal, ASK.unlock, `${PASSPHRASE}${KEY.enter}`)
  await leaveShell(terminal)
  expect(await codeOf(terminal)).toBe(0)
  expect(await stateOf(scratch)).toBe('unlocked')
})

test('no project, and none wanted: the vault alone', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch)
  await using terminal = guide(scratch)
  await answer(terminal, ASK.project, KEY.enter)
  await answer(terminal, ASK.unlock, `${PASSPHRASE}${KEY.enter}`)
  await leaveShell(terminal)
  expect(await codeOf(terminal)).toBe(0)
  expect(await stateOf(scratch)).toBe('unlocked')
  expect(existsSync(join(scratch.project, 'tazpod.yaml'))).toBe(false)
})

test('a project without its vault: it is made', async () => {
  await using scratch = new Scratch()
  await makeProject(scratch, PROJECT)
  await using terminal = guide(scratch)
  await answer(terminal, ASK.vault, KEY.enter)
  await answer(terminal, ASK.generate, KEY.enter)
  await answer(terminal, ASK.first, `${PASSPHRASE}${KEY.enter}`)
  await answer(terminal, ASK.second, `different${KEY.enter}`)
  await terminal.waitForText(/the two are not the same; try again\nNew passphrase of the vault:/)
  terminal.type(KEY.escape)
  expect(await codeOf(terminal)).toBe(0)
})

/** How far a person came before they leave: what is asked, and what was answered until then. */
const STEPS: [string, string | RegExp, (terminal: Terminal) => Promise<void>][] = [
  ['the project', ASK.project, async () => {}],
  ['a generated passphrase', ASK.generate, (t) => answer(t, ASK.project, `y${KEY.enter}`)],
  [
    'the new passphrase',
    ASK.first,
    async (t) => {
      await answer(t, ASK.project, `y${KEY.enter}`)
      await answer(t, ASK.generate, KEY.enter)
    },
  ],
  [
    'the new passphrase again',
    ASK.second,
    async (t) => {
      await answer(t, ASK.project, `y${KEY.enter}`)
      await answer(t, ASK.generate, KEY.enter)
      await answer(t, ASK.first, `${PASSPHRASE}${KEY.enter}`)
    },
  ],
]

describe.each([
  ['Esc', KEY.escape, 0],
  ['Ctrl-C', KEY.ctrlC, 130],
])('%s', (_key, key, code) => {
  test.each(STEPS)('at the question for %s: nothing was changed', async (_name, question, before) => {
    await using scratch = new Scratch()
    await using terminal = guide(scratch)
    await before(terminal)
    await answer(terminal, question, key)
    expect(await codeOf(terminal)).toBe(code)
    expect(terminal.text()).toContain('left; nothing was changed')
    expect(existsSync(join(scratch.project, 'tazpod.yaml'))).toBe(false)
    expect(existsSync(join(scratch.data, 'tazpod/vault.age'))).toBe(false)
    expect(existsSync(join(scratch.data, 'tazpod/identity.age'))).toBe(false)
  })

  test('at the question for trust: the file is as untrusted as it was', async () => {
    await using scratch = new Scratch()
    await makeVault(scratch, { TOKEN: 'x' })
    await makeProject(scratch, PROJECT, false)
    await using terminal = guide(scratch)
    await answer(terminal, ASK.trust, key)
    expect(await codeOf(terminal)).toBe(code)
    expect(JSON.parse(await must(scratch, ['trust', '--show', '--json'])).state).toBe('new')
  })

  test('at the passphrase: what was done before stays, and the guide goes on from there', async () => {
    await using scratch = new Scratch()
    await makeVault(scratch, { TOKEN: 'x' })
    await makeProject(scratch, PROJECT, false)
    {
      await using terminal = guide(scratch)
      await answer(terminal, ASK.trust, `y${KEY.enter}`)
      await answer(terminal, ASK.unlock, `half${key}`)
      expect(await codeOf(terminal)).toBe(code)
      expect(terminal.text()).toContain('left; what was done so far stays')
      expect(await stateOf(scratch)).toBe('locked')
    }
    await using again = guide(scratch)
    await answer(again, ASK.unlock, `${PASSPHRASE}${KEY.enter}`)
    await leaveShell(again)
    expect(await codeOf(again)).toBe(0)
    expect(again.text()).not.toContain('Trust it?')
    expect(await stateOf(scratch)).toBe('unlocked')
  })
})

test('a refusal to trust ends with 77, and nothing is unlocked', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch, { TOKEN: 'x' })
  await makeProject(scratch, PROJECT, false)
  await using terminal = guide(scratch)
  await answer(terminal, ASK.trust, `n${KEY.enter}`)
  expect(await codeOf(terminal)).toBe(77)
  expect(await stateOf(scratch)).toBe('locked')
})

test('a broken project file: its mistakes, nothing is asked', async () => {
  await using scratch = new Scratch()
  scratch.file('project/tazpod.yaml', 'version: 1\nproviderr: vault\n', 0o644)
  await using terminal = guide(scratch)
  expect(await codeOf(terminal)).toBe(65)
  expect(terminal.text()).toContain('providerr')
})

test('unlocked already: asks nothing', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch)
  await must(scratch, ['pull', '-q'], { passphrase: PASSPHRASE })
  await using terminal = guide(scratch)
  await leaveShell(terminal)
  expect(await codeOf(terminal)).toBe(0)
  expect(terminal.text()).not.toContain('?')
})

test('elsewhere than on a terminal: where one stands as JSON, or the help and 64', async () => {
  await using scratch = new Scratch()
  expect(JSON.parse(await must(scratch, ['guide', '--json']))).toMatchObject({
    step: 'init',
    next: 'tazpod init',
  })
  const piped = await tazpod(scratch, [])
  expect(piped).toMatchObject({ status: 64, stdout: '' })
  expect(piped.stderr).toContain('USAGE')
})
