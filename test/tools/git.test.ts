/** The real git in a repository of the user, and the ssh command that the preset gives it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startedAs, WAYS } from '../support/both-ways.ts'
import { Scratch } from '../support/scratch.ts'
import { held } from '../support/story.ts'
import { run, tazpod } from '../support/tazpod.ts'
import { Terminal } from '../support/terminal.ts'
import { need } from '../support/tools.ts'

const CONFIG = `version: 1
provider: vault
secrets:
  - { name: DEPLOY_KEY, preset: git }
`
/** Stands in for ssh: notes its arguments and what the key file holds, then fails as a refused login does. */
const SSH = `#!/bin/sh
printf '%s\\n' "$@" >"$HOME/ssh-arguments"
cat "$2" >"$HOME/key-seen"
stat -c %a "$2" >>"$HOME/key-seen"
exit 255
`

describe.skipIf(!need('git', 'git through tazpod exec'))('git', () => {
  let scratch: Scratch
  let path: string
  beforeAll(async () => {
    scratch = new Scratch()
    scratch.file(
      '.gitconfig',
      '[user]\n  name = Me\n  email = me@example.invalid\n[init]\n  defaultBranch = main\n',
    )
    scratch.file('stubs/ssh', SSH, 0o755)
    path = `${join(scratch.home, 'stubs')}:${scratch.env.PATH}`
    await held(scratch, { config: CONFIG, secrets: { DEPLOY_KEY: 'the key\n' } })
  })
  afterAll(() => scratch[Symbol.asyncDispose]())

  test.each(WAYS)('init, add, commit, status, log, clone and fsck work: %s', async (way) => {
    const name = way === 'bare' ? 'bare' : 'project/ours'
    const cwd = scratch.folder(`home/${name}`)
    scratch.file(`${name}/file`, 'content\n')
    const steps = [
      ['init', '-q'],
      ['add', 'file'],
      ['commit', '-q', '-m', 'first'],
      ['status', '--porcelain'],
      ['log', '--format=%an %s %T'],
      ['clone', '-q', '.', 'copy'],
      ['-C', 'copy', 'fsck', '--strict'],
    ]
    const said: string[] = []
    for (const args of steps) {
      const step = await run(scratch, startedAs(way, ['git', ...args]), { cwd })
      expect(step, args.join(' ')).toMatchObject({ status: 0 })
      said.push(step.stdout)
    }
    // the same tree whatever started it; nothing is dubious, dirty or asked
    expect(said.join('')).toBe('Me first 07753f428765ac1afe2020b24e40785869bd4a85\n')
  })

  test.each(WAYS)('commit opens the editor at the terminal: %s', async (way) => {
    const name = way === 'bare' ? 'edit-bare' : 'project/edit-ours'
    const cwd = scratch.folder(`home/${name}`)
    await run(scratch, ['git', 'init', '-q'], { cwd })
    const editor = 'sh -c \'printf "Subject? "; read -r line; echo "$line" >"$0"\''
    const commit = startedAs(way, ['git', 'commit', '--allow-empty', '-q'])
    await using terminal = new Terminal(scratch, commit, { cwd, env: { GIT_EDITOR: editor } })
    await terminal.waitForText('Subject?')
    terminal.line('from the editor')
    expect(await terminal.exit()).toMatchObject({ exitCode: 0 })
    const log = await run(scratch, ['git', 'log', '--format=%s'], { cwd })
    expect(log.stdout).toBe('from the editor\n')
  })

  test('a fetch by ssh offers the granted key and no other', async () => {
    const url = 'ssh://git@host.invalid/repo.git'
    const fetched = await tazpod(scratch, ['exec', '--', 'git', 'ls-remote', url], { env: { PATH: path } })
    expect(fetched).toMatchObject({ status: 128 })
    const [flag, key, ...rest] = readFileSync(join(scratch.home, 'ssh-arguments'), 'utf8').split('\n')
    expect([flag, rest.slice(0, 2)]).toEqual(['-i', ['-o', 'IdentitiesOnly=yes']])
    expect(key).toMatch(/\/DEPLOY_KEY\/ssh-key$/)
    expect(rest).toContain('git@host.invalid')
    expect(readFileSync(join(scratch.home, 'key-seen'), 'utf8')).toBe('the key\n600\n')
  })

  test('git -c core.sshCommand of the caller is weaker than the variable, as git has it', async () => {
    const args = ['-c', 'core.sshCommand=false', 'ls-remote', 'ssh://git@host.invalid/repo.git']
    await run(scratch, ['rm', '-f', join(scratch.home, 'key-seen')])
    await tazpod(scratch, ['exec', '--', 'git', ...args], { env: { PATH: path } })
    expect(readFileSync(join(scratch.home, 'key-seen'), 'utf8')).toContain('the key')
  })
})
