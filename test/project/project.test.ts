import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tazpodBinary } from '../support/installed.ts'
import { makeProject, makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { run, tazpod } from '../support/tazpod.ts'
import { KEY, tazpodAtTerminal } from '../support/terminal.ts'
import { need } from '../support/tools.ts'
import { isRoot, STRANGER } from '../support/users.ts'

const PLAIN = `version: 1
provider: vault
secrets:
  - { name: KUBECONFIG_CONTENT, file: kubeconfig, env: KUBECONFIG }
commands:
  kubectl: { secrets: [KUBECONFIG_CONTENT] }
  "*": { secrets: [] }
`
const WIDER = PLAIN.replace('"*": { secrets: [] }', '"*": { secrets: [KUBECONFIG_CONTENT] }')
const BOUND = `version: 1
provider: vault
binds:
  - { path: infra/secrets.auto.tfvars, format: tfvars, values: { token: TOKEN } }
`

function projectOf(scratch: Scratch, name: string): string {
  return join(scratch.project, name)
}

test('trust: a new file is not used, is shown as a table, and is remembered outside the project', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch, { KUBECONFIG_CONTENT: 'k' })
  await makeProject(scratch, PLAIN, false)
  const refused = await tazpod(scratch, ['pull'], { passphrase: PASSPHRASE, env: {} })
  expect(refused.status).toBe(75)
  expect(refused.stderr).toContain('not trusted yet\n  next: tazpod trust')
  const shown = await must(scratch, ['trust', '--yes'])
  expect(shown).toMatch(/kubectl +KUBECONFIG_CONTENT +file +KUBECONFIG_CONTENT\/kubeconfig/)
  const [record] = readdirSync(join(scratch.state, 'tazpod/trust'))
  expect(statSync(join(scratch.state, 'tazpod/trust', record ?? '')).mode & 0o777).toBe(0o600)
  expect(readdirSync(scratch.project)).toEqual(['tazpod.yaml'])
  await must(scratch, ['pull', '-q'], { passphrase: PASSPHRASE })
})

test('trust: a changed file asks again and names what is new; the old content stays trusted', async () => {
  await using scratch = new Scratch()
  await makeProject(scratch, PLAIN)
  scratch.file('project/tazpod.yaml', WIDER, 0o644)
  const view = JSON.parse(await must(scratch, ['trust', '--show', '--json']))
  expect(view).toMatchObject({
    state: 'changed',
    added: [expect.stringMatching(/^every other command gets KUBECONFIG_CONTENT/)],
  })
  expect(view.removed).toEqual(['every other command gets nothing'])
  scratch.file('project/tazpod.yaml', PLAIN, 0o644)
  expect(JSON.parse(await must(scratch, ['trust', '--show', '--json'])).state).toBe('trusted')
})

test('trust: the same content in another folder, or at the same path in a new folder, is not trusted', async () => {
  await using scratch = new Scratch()
  await makeProject(scratch, PLAIN)
  const other = scratch.addProject('other')
  scratch.file('other/tazpod.yaml', PLAIN, 0o644)
  const elsewhere = await must(scratch, ['trust', '--show', '--json'], { cwd: other })
  expect(JSON.parse(elsewhere).state).toBe('new')
  renameSync(scratch.project, `${scratch.project}.old`)
  scratch.file('project/tazpod.yaml', PLAIN, 0o644)
  expect(JSON.parse(await must(scratch, ['trust', '--show', '--json'])).state).toBe('new')
})

test('trust: answered on the terminal, only yes is a yes', async () => {
  await using scratch = new Scratch()
  await makeProject(scratch, PLAIN, false)
  for (const [keys, code] of [
    ['\r', 77],
    ['n\r', 77],
    [KEY.ctrlC, 130],
    ['yes\r', 0],
  ] as const) {
    await using terminal = tazpodAtTerminal(scratch, ['trust'])
    await terminal.waitForText('Trust it? [y/N]')
    terminal.type(keys)
    const { exitCode, signal } = await terminal.exit()
    expect(signal ? 128 + signal : exitCode, JSON.stringify(keys)).toBe(code)
  }
  expect(JSON.parse(await must(scratch, ['trust', '--show', '--json'])).state).toBe('trusted')
})

test('trust: a damaged record trusts nothing', async () => {
  await using scratch = new Scratch()
  await makeProject(scratch, PLAIN)
  const folder = join(scratch.state, 'tazpod/trust')
  for (const name of readdirSync(folder)) writeFileSync(join(folder, name), '{"version":1,"trusted":[{}')
  expect(JSON.parse(await must(scratch, ['trust', '--show', '--json'])).state).toBe('new')
})

test('a project file of another user, for everyone to write, or behind a link is not used', async () => {
  await using scratch = new Scratch()
  await makeProject(scratch, PLAIN)
  const path = projectOf(scratch, 'tazpod.yaml')
  chmodSync(path, 0o646)
  const open = await tazpod(scratch, ['trust'])
  expect(open.stderr).toContain('every user may write it')
  expect(open.stderr).toContain('next: chmod o-w')
  expect(open.status).toBe(77)
  chmodSync(path, 0o644)
  if (isRoot()) {
    chownSync(path, STRANGER, STRANGER)
    expect((await tazpod(scratch, ['trust'])).stderr).toContain('belongs to another user')
  } else console.warn('skipped in part: giving a file to another user needs root')
})

test('terminal escape sequences in a project file never reach the terminal', async () => {
  await using scratch = new Scratch()
  await makeProject(scratch, 'version: 1\nprovider: "va\\e[2Jult"\n"k\\e]0;x\\a": 1\n', false)
  const { status, stderr } = await tazpod(scratch, ['trust'])
  expect(status).toBe(65)
  expect([...stderr].filter((char) => char < ' ' && char !== '\n')).toEqual([])
})

test.each([
  ['tabs', 'version: 1\n\tprovider: vault\n'],
  ['duplicate keys', 'version: 1\nversion: 1\n'],
  ['an unknown key', 'version: 1\nprovdier: vault\n'],
  ['an alias bomb', `version: 1\na: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n`],
  ['10 MB', `version: 1\n# ${'x'.repeat(10_000_000)}\n`],
  ['an absolute path', BOUND.replace('infra/', '/etc/')],
  ['a path out of the project', BOUND.replace('infra/', '../')],
  ['a dangerous variable', PLAIN.replace('env: KUBECONFIG', 'env: LD_PRELOAD')],
  ['a variable with =', PLAIN.replace('env: KUBECONFIG', 'env: "a=b"')],
  ['an empty name', PLAIN.replace('name: KUBECONFIG_CONTENT', 'name: ""')],
  ['a NUL byte', 'version: 1\0\n'],
  ['not UTF-8', Buffer.from([0x76, 0xff, 0xfe, 0x0a])],
  ['nothing', ''],
])('a project file with %s is refused with 65 and a place', async (_what, yaml) => {
  await using scratch = new Scratch()
  scratch.file('project/tazpod.yaml', yaml, 0o644)
  const { status, stderr } = await tazpod(scratch, ['trust', '--yes'])
  expect(stderr).toMatch(/tazpod\.yaml/)
  expect(status).toBe(65)
})

test('init writes a file that needs nothing more, makes the vault, and trusts what it wrote', async () => {
  await using scratch = new Scratch()
  const done = JSON.parse(await must(scratch, ['init', '--json'], { passphrase: PASSPHRASE }))
  expect(done).toMatchObject({ config: { state: 'written' }, vault: { state: 'made' } })
  expect(JSON.parse(await must(scratch, ['trust', '--show', '--json'])).state).toBe('trusted')
  await must(scratch, ['pull', '-q'], { passphrase: PASSPHRASE })
})

test.skipIf(!need('unshare', 'init on a full disk'))(
  'init on a full disk says so, and leaves no half tazpod.yaml that the next init would keep',
  async () => {
    await using scratch = new Scratch()
    const script = `mount -t tmpfs -o size=4k,mode=700 full "$1" && cd "$1" && head -c 9000 /dev/zero >fill 2>&-
      "$0" init --non-interactive; echo "exit $?"; ls -A; rm fill; "$0" init --non-interactive; ls -A`
    const done = await run(scratch, ['unshare', '-Urm', 'sh', '-c', script, tazpodBinary(), scratch.project])
    expect(done.stdout).toMatch(/^exit 71\nfill\nwritten (?:.|\n)*\ntazpod\.yaml\n$/)
    expect(done.stderr).toMatch(/^tazpod: can't write \S*tazpod\.yaml: the disk is full \(ENOSPC\)\n$/)
  },
)

test('init keeps what is there, and does not trust it', async () => {
  await using scratch = new Scratch()
  await makeProject(scratch, PLAIN, false)
  const done = JSON.parse(await must(scratch, ['init', '--json', '--non-interactive']))
  expect(done).toMatchObject({
    config: { state: 'kept' },
    vault: { state: 'later' },
    next: 'tazpod vault init',
  })
  expect(readFileSync(projectOf(scratch, 'tazpod.yaml'), 'utf8')).toBe(PLAIN)
  expect(JSON.parse(await must(scratch, ['trust', '--show', '--json'])).state).toBe('new')
})

test("init takes over the names of the original's secrets.yml", async () => {
  await using scratch = new Scratch()
  scratch.file(
    'project/secrets.yml',
    'config:\n  infisical_project_id: abc\nsecrets:\n  - { name: TALOSCONFIG_CONTENT, file: talosconfig, env: TALOSCONFIG }\n',
  )
  await makeVault(scratch, { TALOSCONFIG_CONTENT: 't' })
  expect(await must(scratch, ['init'])).toMatch(/next: tazpod trust\n$/)
  const { grants, state } = JSON.parse(await must(scratch, ['trust', '--show', '--json']))
  expect(state).toBe('new') // the file may have come with a foreign repository: a person agrees to its grants
  expect(await tazpod(scratch, ['exec', '--', 'true'])).toMatchObject({ status: 75 })
  expect(grants).toMatchObject([{ command: '*', what: ['TALOSCONFIG_CONTENT'], variables: ['TALOSCONFIG'] }])
})

test('init makes placeholders and .gitignore lines once', async () => {
  await using scratch = new Scratch()
  await makeProject(scratch, BOUND)
  mkdirSync(projectOf(scratch, 'infra'))
  scratch.own(projectOf(scratch, 'infra'))
  scratch.file('project/.gitignore', '*.log')
  for (let round = 0; round < 2; round++) await must(scratch, ['init', '--non-interactive'])
  const placeholder = lstatSync(projectOf(scratch, 'infra/secrets.auto.tfvars'))
  expect([placeholder.size, placeholder.mode & 0o777]).toEqual([0, 0o600])
  expect(readFileSync(projectOf(scratch, '.gitignore'), 'utf8')).toBe('*.log\n/infra/secrets.auto.tfvars\n')
})

test('a bind target with clear text is refused before anything is asked or fetched, with the command that helps', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch, { TOKEN: 't' })
  await makeProject(scratch, BOUND)
  scratch.file('project/infra/secrets.auto.tfvars', 'token = "clear"\n')
  for (const verb of ['init', 'pull']) {
    const { status, stderr } = await tazpod(scratch, [verb], { passphrase: PASSPHRASE })
    expect(stderr, verb).toContain('holds clear text')
    expect(status, verb).toBe(77)
  }
  const { stderr } = await tazpod(scratch, ['pull'], { passphrase: PASSPHRASE })
  const next = /next: tazpod (.+)$/m.exec(stderr)?.[1] ?? ''
  await must(scratch, next.split(' '), { passphrase: PASSPHRASE })
  expect(readFileSync(projectOf(scratch, 'infra/secrets.auto.tfvars'), 'utf8')).toBe('')
  await must(scratch, ['pull', '-q'], { passphrase: PASSPHRASE })
})

test('a bind whose folder is a link out of the project is refused', async () => {
  await using scratch = new Scratch()
  await makeProject(scratch, BOUND)
  symlinkSync(scratch.home, projectOf(scratch, 'infra'))
  const { status, stderr } = await tazpod(scratch, ['pull'], { passphrase: PASSPHRASE })
  expect(stderr).toContain('leads out of the project')
  expect(status).toBe(77)
  expect(existsSync(join(scratch.home, 'secrets.auto.tfvars'))).toBe(false)
})
