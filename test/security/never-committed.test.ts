/** Promise 2 against git: a bind that git would store is refused before anything is put there. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { makeProject, makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { type Run, run, tazpod } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'

const BIND = 'secrets.auto.tfvars'
const CONFIG = `version: 1
provider: vault
binds:
  - { path: ${BIND}, format: tfvars, values: { token: TOKEN } }
`

describe.skipIf(!need('git', 'a bind that git would store'))('a bind and git', () => {
  let scratch: Scratch
  const value = canary('token')
  const git = (...args: string[]): Promise<Run> => run(scratch, ['git', ...args], { cwd: scratch.project })
  beforeAll(async () => {
    scratch = new Scratch()
    scratch.file('.gitconfig', '[user]\n  name = Me\n  email = me@example.invalid\n')
    await makeVault(scratch, { TOKEN: value })
    await makeProject(scratch, CONFIG)
    expect((await git('init', '-q')).status).toBe(0)
  })
  afterAll(() => scratch[Symbol.asyncDispose]())

  const refused = async (words: string): Promise<void> => {
    const trust = { args: ['trust', '--yes'], config: `${CONFIG}# not trusted yet\n` }
    for (const { args, config } of [
      { args: ['pull'], config: CONFIG },
      { args: ['init'], config: CONFIG },
      trust,
    ]) {
      scratch.file('project/tazpod.yaml', config)
      const done = await tazpod(scratch, args, args[0] === 'trust' ? {} : { passphrase: PASSPHRASE })
      expect(done.stderr, args[0]).toContain(words)
      expect([args[0], done.status, done.stdout]).toEqual([args[0], 77, ''])
    }
    const looked = await tazpod(scratch, ['doctor', '--json'])
    expect(JSON.stringify(JSON.parse(looked.stdout).findings)).toContain(words)
    scratch.file('project/tazpod.yaml', CONFIG)
  }

  test('one that is tracked, whatever .gitignore says', async () => {
    scratch.file(`project/${BIND}`, '')
    scratch.file('project/.gitignore', `/${BIND}\n`)
    expect((await git('add', '-f', BIND)).status).toBe(0)
    await refused('git tracks it')
    expect((await git('rm', '-q', '--cached', BIND)).status).toBe(0)
  })

  test('one that a later line takes back', async () => {
    scratch.file('project/.gitignore', `/${BIND}\n!*.auto.tfvars\n`)
    await refused('no rule of .gitignore keeps it out of git')
  })

  test('one that is ignored: nothing that git does inside a command stores its value', async () => {
    scratch.file('project/.gitignore', `/${BIND}\n`)
    await must(scratch, ['trust', '--yes'])
    await must(scratch, ['pull'], { passphrase: PASSPHRASE })
    scratch.file('project/code.tf', 'locals {}\n')
    for (const args of [
      ['add', '-A'],
      ['commit', '-qam', 'wip'],
      ['stash', '-u'],
      ['clean', '-fd'],
    ]) {
      const done = await tazpod(scratch, ['exec', '--', 'git', ...args])
      expect([args[0], done.status], done.stderr).toEqual([args[0], 0])
    }
    const seen = await tazpod(scratch, ['exec', '--', 'cat', BIND])
    expect(seen.stdout).toContain(value)
    const objects = await git('rev-list', '--objects', '--all')
    expect(objects.stdout).toContain('code.tf')
    expect(objects.stdout).not.toContain(BIND)
  })

  /** Every object of the repository, the loose ones that nothing refers to as well. */
  const stored = async (): Promise<string> =>
    (await git('cat-file', '--batch-all-objects', '--batch', '--buffer')).stdout

  test.each([
    ['add', '-f', BIND],
    ['add', '-A', '-f'],
    ['add', '-f', '.'],
    ['stash', '-a'],
    ['update-index', '--add', BIND],
    ['hash-object', '-w', BIND],
    ['commit', '-q', '-m', 'forced', '--', BIND],
  ])('not even by force: git %s %s', async (...args) => {
    const done = await tazpod(scratch, ['exec', '--', 'git', ...args])
    expect([done.status, done.stderr]).not.toEqual([0, ''])
    if (args[0] !== 'commit') expect(done.stderr).toContain('a-secret-of-tazpod')
    expect(await stored()).not.toContain(value)
    expect((await git('status', '--porcelain')).stdout).toBe('')
    const seen = await tazpod(scratch, ['exec', '--', 'cat', BIND])
    expect(seen.stdout).toContain(value)
  })

  test('and what git does to work trees leaves the value where it is, and stores none', async () => {
    await git('branch', 'other')
    await git('checkout', '-q', 'other')
    scratch.file(`project/${BIND}`, 'tracked here\n')
    await git('add', '-f', BIND)
    await git('commit', '-qm', 'the other branch tracks it')
    await git('checkout', '-q', '-')
    scratch.file(`project/${BIND}`, '')
    for (const args of [
      ['clean', '-fdx'],
      ['checkout', '-q', 'other'],
      ['checkout', '-q', '-f', 'other'],
      ['worktree', 'add', '-q', '../beside', '-b', 'beside'],
      ['reset', '-q', '--hard'],
    ]) {
      const seen = ['exec', '--', 'sh', '-c', `git ${args.join(' ')}; cat ${BIND}`]
      expect((await tazpod(scratch, seen)).stdout, args.join(' ')).toContain(value)
      expect(await stored()).not.toContain(value)
      await git('checkout', '-q', '-f', 'master')
      scratch.file(`project/${BIND}`, '')
    }
    // in a work tree of its own .git is a file that leads to the repository
    expect(readFileSync(`${scratch.home}/beside/.git`, 'utf8')).toContain('gitdir: ')
    await git('worktree', 'remove', '--force', '../beside')
    await git('branch', '-qD', 'other', 'beside')
  })

  test('what changed since the pull is asked again before a command starts', async () => {
    const exec = () => tazpod(scratch, ['exec', '--', 'true'])
    expect((await exec()).status).toBe(0)
    const refusedNow = async () => {
      const done = await exec()
      expect([done.status, done.stdout]).toEqual([77, ''])
      expect(done.stderr).toContain(
        'a commit inside this command would store its values; nothing was started',
      )
    }
    scratch.file('project/.gitignore', `/${BIND}\n!*.auto.tfvars\n`)
    await refusedNow()
    scratch.file('project/.gitignore', `/${BIND}\n`)
    await git('add', '-f', BIND)
    await refusedNow()
    // another repository named by the caller changes nothing
    const elsewhere = { env: { GIT_DIR: '/nonexistent', GIT_WORK_TREE: '/' } }
    expect((await tazpod(scratch, ['exec', '--', 'true'], elsewhere)).status).toBe(77)
    await git('rm', '-q', '--cached', BIND)
    expect((await exec()).status).toBe(0)
  })
})

describe.skipIf(!need('git', 'a bind in a work tree that is not the first'))('a bind and git', () => {
  test('in a linked work tree, under a name full of what attributes treat specially', async () => {
    await using scratch = new Scratch()
    const odd = 'a b/[x]*?"\u00e4.auto.tfvars'
    const value = canary('token')
    scratch.file('.gitconfig', '[user]\n  name = Me\n  email = me@example.invalid\n')
    const main = scratch.folder('home/main')
    const git = (cwd: string, ...args: string[]) => run(scratch, ['git', ...args], { cwd })
    await git(main, 'init', '-q')
    await git(main, 'commit', '-q', '--allow-empty', '-m', 'first')
    await git(main, 'worktree', 'add', '-q', scratch.project, '-b', 'two')
    scratch.file('project/.gitignore', '*.auto.tfvars\n')
    scratch.folder('home/project/a b')
    await makeVault(scratch, { TOKEN: value })
    const bind = JSON.stringify(odd)
    await makeProject(scratch, CONFIG.replace(BIND, bind))
    await must(scratch, ['pull'], { passphrase: PASSPHRASE })
    writeFileSync(`${main}/.git/info/attributes`, '*.bin binary')
    scratch.own(`${main}/.git/info/attributes`)
    const attributes = [
      'exec',
      '--',
      'git',
      'check-attr',
      'binary',
      'working-tree-encoding',
      '--',
      'x.bin',
      odd,
    ]
    expect((await tazpod(scratch, attributes)).stdout).toMatch(
      /x\.bin: binary: set[\s\S]*: a-secret-of-tazpod\n$/,
    )
    const added = await tazpod(scratch, ['exec', '--', 'git', 'add', '-f', '.'])
    expect(added.stderr).toContain('a-secret-of-tazpod')
    expect((await git(main, 'cat-file', '--batch-all-objects', '--batch')).stdout).not.toContain(value)
    // outside of a command nothing has changed
    expect(readFileSync(`${main}/.git/info/attributes`, 'utf8')).toBe('*.bin binary')
  })
})

test('a tazpod.yml is refused by name: nothing would read it, and every command would get everything', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch, { TOKEN: 'x' })
  scratch.file('project/tazpod.yml', CONFIG)
  rmSync(`${scratch.project}/tazpod.yaml`, { force: true })
  for (const args of [['pull'], ['trust', '--yes'], ['exec', '--', 'true']]) {
    const done = await tazpod(scratch, args, args[0] === 'pull' ? { passphrase: PASSPHRASE } : {})
    expect([args[0], done.status, done.stdout]).toEqual([args[0], 65, ''])
    expect(done.stderr).toContain('a project file is called tazpod.yaml')
    expect(done.stderr).toContain('mv tazpod.yml tazpod.yaml')
  }
  expect((await tazpod(scratch, ['lock'])).status).toBe(0)
})
