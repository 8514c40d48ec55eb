/** Promise 8 of DESIGN §1: what a repository says can not hurt, before or after it is trusted. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { must } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { held } from '../support/story.ts'
import { tazpod } from '../support/tazpod.ts'
import { tazpodAtTerminal } from '../support/terminal.ts'

const secret = (name: string, rest: string): string => `secrets:\n  - { name: ${name}, ${rest} }\n`
const bind = (path: string): string =>
  `binds:\n  - { path: ${path}, format: dotenv, values: { TOKEN: TOKEN } }\n`

let scratch: Scratch
beforeAll(() => {
  scratch = new Scratch()
})
beforeEach(() => scratch.folder('home/project'))
afterAll(() => scratch[Symbol.asyncDispose]())

async function trusted(yaml: string): Promise<{ status: number | null; said: string }> {
  scratch.file('project/tazpod.yaml', yaml, 0o644)
  const done = await tazpod(scratch, ['trust', '--yes'])
  return { status: done.status, said: done.stdout + done.stderr }
}

test('control: a harmless file is trusted', async () => {
  const yaml = `version: 1\nprovider: vault\n${secret('TOKEN', 'env: APP_TOKEN, as: value')}${bind('infra/app.env')}`
  expect(await trusted(yaml)).toMatchObject({ status: 0 })
})

describe('a variable that changes what programs do is refused:', () => {
  const names = [
    'PATH',
    'LD_PRELOAD',
    'LD_LIBRARY_PATH',
    'NODE_OPTIONS',
    'BASH_ENV',
    'ENV',
    'PYTHONPATH',
    'PERL5OPT',
  ]
  const tools = [
    'TF_CLI_ARGS',
    'TF_CLI_ARGS_apply',
    'GIT_SSH',
    'GIT_CONFIG_GLOBAL',
    'IFS',
    'HOME',
    'TAZPOD_GHOST',
  ]
  const broken = ['"a=b"', '""', '"A\\nB"', '"A B"', '1A', '"A\\0B"']
  test.each([...names, ...tools, ...broken])('%s', async (name) => {
    for (const as of ['file', 'value']) {
      const { status, said } = await trusted(
        `version: 1\nprovider: vault\n${secret('TOKEN', `env: ${name}, as: ${as}`)}`,
      )
      expect(status, said).toBe(65)
      expect(said).toMatch(/tazpod\.yaml:4:\d+: /)
    }
  })
})

describe('a path that leaves the project is refused:', () => {
  const paths = [
    '/etc/profile.d/x.sh',
    '../outside',
    'a/../../outside',
    '"~/.bashrc"',
    '""',
    '"a\\nb"',
    '"a\\0b"',
    'a//b',
    '.',
  ]
  test.each(paths)('%s', async (path) => {
    const { status, said } = await trusted(
      `version: 1\nprovider: vault\n${secret('TOKEN', 'file: t')}${bind(path)}`,
    )
    expect(status, said).toBe(65)
  })
  test.each(['/etc/passwd', '../vault.age', '"a\\0b"'])('as the vault, %s', async (path) => {
    expect(await trusted(`version: 1\nprovider: vault\nvault: ${path}\n`)).toMatchObject({ status: 65 })
  })
  test.each(['../x', 'a/b', '"."', '".."', '"a\\nb"'])('as the file of a secret, %s', async (file) => {
    expect(await trusted(`version: 1\nprovider: vault\n${secret('TOKEN', `file: ${file}`)}`)).toMatchObject({
      status: 65,
    })
  })
})

const BOMB = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'.replace(/./g, (c) => `${c}: &${c} [${`*${String.fromCharCode(c.charCodeAt(0) - 1)},`.repeat(9)}]\n`)}`

test.each<[string, string]>([
  [
    'redirects the credentials to another server',
    'version: 1\nprovider: infisical\ninfisical: { host: "http://evil.example", project: p, environment: e }\n',
  ],
  ['has a key that does not exist', 'version: 1\nprovider: vault\nsecret: []\n'],
  ['has a key twice', 'version: 1\nprovider: vault\nprovider: vault\n'],
  ['is a bomb of aliases', `version: 1\nprovider: vault\n${BOMB}`],
  ['is indented with tabs', 'version: 1\nprovider: vault\nsecrets:\n\t- { name: A }\n'],
  ['is 10 MB', `version: 1\nprovider: vault\n# ${'x'.repeat(10_000_000)}\n`],
  ['is empty', ''],
  ['is no text', '\0\xff\xfe'],
  ['sets __proto__', 'version: 1\nprovider: vault\n__proto__: { polluted: 1 }\n'],
  ['sets a tag', 'version: 1\nprovider: !!js/function "x"\n'],
])('a file that %s is refused, with its name', async (_, yaml) => {
  const { status, said } = await trusted(yaml)
  expect(status, said).toBe(65)
  expect(said).toContain('tazpod.yaml')
  expect(said.length).toBeLessThan(20_000) // it does not echo the file
})

test('a command that looks like another one is refused, its letter named', async () => {
  const yaml = 'version: 1\nprovider: vault\ncommands:\n  t\u0435rraform: { secrets: [] }\n'
  const { status, said } = await trusted(yaml)
  expect(status).toBe(65)
  expect(said).toContain('has letters of two scripts: U+0435 is Cyrillic, others are Latin')
})

test('a value that looks like shell, HCL or an escape sequence is only data, wherever it is written', async () => {
  await using own = new Scratch()
  const value = `$(touch pwned)\`touch pwned\`"; touch pwned; #' $${'{'}file("/etc/passwd")} %{ for x in [] }\x1b]0;pwned\x07`
  const config = `version: 1
provider: vault
${secret('TOKEN', 'file: t, env: TOKEN_FILE')}binds:
  - { path: a.sh, format: dotenv, values: { TOKEN: TOKEN } }
  - { path: a.json, format: json, values: { TOKEN: TOKEN } }
`
  for (const name of ['a.sh', 'a.json']) own.file(`project/${name}`, '')
  await held(own, { config, secrets: { TOKEN: value } })
  const shell = await must(own, ['exec', '--', 'sh', '-c', '. ./a.sh; printf %s "$TOKEN"'])
  expect(shell).toBe(value)
  expect(JSON.parse(await must(own, ['exec', '--', 'cat', 'a.json']))).toEqual({ TOKEN: value })
  expect(existsSync(join(own.project, 'pwned'))).toBe(false)
  expect(readFileSync(join(own.project, 'a.sh'), 'utf8')).toBe('')
})

test('trust: what a variable makes programs do, and a name that is not what it looks like, are said in red', async () => {
  await using scratch = new Scratch()
  scratch.file(
    'project/tazpod.yaml',
    'version: 1\nprovider: vault\nsecrets: [{ name: ADDR, env: VAULT_ADDR, as: value }]\n' +
      'binds: [{ path: "a\\u200b.tfvars", format: raw, values: { x: ADDR } }]\n',
  )
  await using terminal = tazpodAtTerminal(scratch, ['trust'])
  await terminal.waitForText('Trust it?')
  expect(terminal.raw).toContain(
    '\u001b[31m! ADDR sets VAULT_ADDR, which sends credentials to another server',
  )
  expect(terminal.text()).toContain('! the bind "a\\u{200b}.tfvars" has the invisible character U+200B')
  terminal.line('n')
  expect((await terminal.exit()).exitCode).toBe(77)
})
