/** `castle new` with the real binary, and what it made with the real terraform. */
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BLUE, newCastle, terraform } from '../support/castle/castle.ts'
import { tazpodBinary } from '../support/installed.ts'
import { must } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { run, tazpod } from '../support/tazpod.ts'
import { Terminal } from '../support/terminal.ts'
import { need } from '../support/tools.ts'

let scratch: Scratch
let blue: string
beforeAll(async () => {
  scratch = new Scratch()
  blue = await newCastle(scratch, 'blue')
})
afterAll(() => scratch[Symbol.asyncDispose]())

const COPY = ['--from', 'blue', '--network', '10.0.20.0/24', '--first-vm-id', '2000', '--non-interactive']
const read = (folder: string, file: string): string => readFileSync(join(folder, file), 'utf8')

describe.skipIf(!need('terraform', 'what castle new makes, with terraform'))('terraform says', () => {
  test.each(['vault', 'infisical'])(
    'the code is formatted, and its contract passes offline: %s',
    async (provider) => {
      const name = `by-${provider}`
      const flags = BLUE.map((word) => word.replace('10.0.10.', provider === 'vault' ? '10.1.1.' : '10.1.2.'))
        .map((word) => (word === '1000' ? (provider === 'vault' ? '5000' : '6000') : word))
        .map((word) => (word === 'vault' ? provider : word))
      const folder = await newCastle(scratch, name, flags)
      expect(await terraform(scratch, folder, ['fmt', '-check', '-recursive', '-diff'])).toMatchObject({
        status: 0,
        stdout: '',
      })
      const contract = join(folder, 'contract')
      expect(await terraform(scratch, contract, ['init', '-input=false'])).toMatchObject({ status: 0 })
      const tested = await terraform(scratch, contract, ['test', '-no-color'])
      expect(tested.stdout).toContain('7 passed, 0 failed')
    },
  )
})

test('a copy takes two answers and shares nothing: their difference is exactly the inputs', async () => {
  const green = await newCastle(scratch, 'green', COPY)
  const files = readdirSync(blue, { recursive: true }).map(String).sort()
  expect(readdirSync(green, { recursive: true }).map(String).sort()).toEqual(files)
  for (const file of ['variables.tf', 'main.tf', 'providers.tf', '.gitignore', 'castle.tfbackend'])
    expect(read(green, file)).toBe(read(blue, file))
  const translated = read(blue, 'terraform.tfvars')
    .replaceAll('blue', 'green')
    .replaceAll('10.0.10.', '10.0.20.')
    .replaceAll(/vm_id = 1(\d{3})/g, 'vm_id = 2$1')
    .replaceAll('lan/ada/lab', 'lan/ada/lab')
  const aligned = (text: string): string => text.replaceAll(/ +=/g, ' =')
  expect(aligned(read(green, 'terraform.tfvars'))).toBe(aligned(translated))
})

test('a copy keeps what was edited, and shows what it replaced', async () => {
  await using other = new Scratch()
  const one = await newCastle(other, 'one', BLUE)
  const path = (name: string) => join(one, name)
  const edit = (name: string, change: (text: string) => string) =>
    writeFileSync(path(name), change(read(one, name)))
  edit('main.tf', (text) => `${text}\nresource "terraform_data" "mine" {\n  input = "one-extra of one"\n}\n`)
  edit('variables.tf', (text) => `${text}\nvariable "mine" {\n  type = string\n}\n`)
  edit(
    'terraform.tfvars',
    (text) =>
      `# Ada's castle\n${text.replace(/vm_id = 1000 \}/, 'vm_id = 1000, cores = 8 }')}node_size = { cores = 4 }\nmine = "x"\n`,
  )
  edit(
    'tazpod.yaml',
    (text) => `${text}  ansible: { secrets: [${JSON.parse(read(one, 'castle.json')).secrets.kubeconfig}] }\n`,
  )
  mkdirSync(path('extra'))
  writeFileSync(path('extra/logo.bin'), Buffer.from([0, 255, 254, 10]))
  for (const name of ['terraform.tfstate', 'terraform.tfstate.backup', 'kubeconfig', 'x.tfplan'])
    writeFileSync(path(name), 'secret')
  writeFileSync(path('secrets.auto.tfvars'), 'secret = "left on the disk"\n', { mode: 0o600 })
  const flags = ['--network', '10.9.0.0/24', '--first-vm-id', '9000', '--non-interactive']
  const done = await tazpod(other, ['castle', 'new', 'two', '--from', 'one', ...flags])
  expect(done, done.stderr).toMatchObject({ status: 0 })
  const two = join(other.project, 'two')
  for (const name of ['main.tf', 'variables.tf', '.gitignore']) expect(read(two, name)).toBe(read(one, name))
  expect(readFileSync(join(two, 'extra/logo.bin'))).toEqual(Buffer.from([0, 255, 254, 10]))
  expect(readdirSync(two).sort()).toEqual(
    readdirSync(one)
      .filter((name) => !/tfstate|kubeconfig|tfplan/.test(name))
      .sort(),
  )
  expect(statSync(join(two, 'secrets.auto.tfvars'))).toMatchObject({ size: 0 })
  const tfvars = read(two, 'terraform.tfvars')
  expect(tfvars).toMatch(/^# Ada's castle\n/)
  expect(tfvars).toContain('"two-cp-1"')
  expect(tfvars).toContain('ip = "10.9.0.11", vm_id = 9000, cores = 8 }')
  expect(tfvars).toMatch(/node_size = \{ cores = 4 \}\nmine = "x"\n$/)
  expect(tfvars).toMatch(/infisical_apps_path += "\/castles\/two\/apps"/)
  const { secrets } = JSON.parse(read(two, 'castle.json'))
  expect(read(two, 'tazpod.yaml')).toContain(`ansible: { secrets: [${secrets.kubeconfig}] }`)
  expect(read(two, 'tazpod.yaml')).not.toMatch(/ONE_/)
  expect(read(two, 'README.md')).toContain('# Castle two')
  expect(done.stdout).toContain('what differs from one:')
  expect(done.stdout).toMatch(/-castle_name +=.*"one"\n +\+castle_name +=.*"two"/)
  expect(done.stdout).not.toContain('mine')
  expect(done.stderr).toMatch(/^main\.tf:\d+ still has one\n$/)
  await must(other, ['trust', '--yes'], { cwd: two })
})

test('what must not be committed is ignored by git, and tazpod.yaml is right as it stands', async () => {
  await run(scratch, ['git', 'init', '-q', '.'], { cwd: blue })
  for (const file of [
    'secrets.auto.tfvars',
    'terraform.tfstate',
    'x.tfplan',
    '.terraform/x',
    'configs/kubeconfig',
  ])
    expect([file, (await run(scratch, ['git', 'check-ignore', file], { cwd: blue })).status]).toEqual([
      file,
      0,
    ])
  const status = await run(scratch, ['git', 'status', '--porcelain', '-uall'], { cwd: blue })
  expect(status.stdout).not.toContain('secrets')
  expect(status.stdout).toContain('castle.json')
  await must(scratch, ['trust', '--yes'], { cwd: blue })
  expect(statSync(join(blue, 'secrets.auto.tfvars'))).toMatchObject({ size: 0 })
  expect(statSync(join(blue, 'secrets.auto.tfvars')).mode & 0o777).toBe(0o600)
})

test('the same again changes nothing; a changed file is kept and shown, and --force replaces it', async () => {
  const again = JSON.parse(await must(scratch, ['castle', 'new', 'blue', ...BLUE, '--json']))
  expect(again.written).toEqual([])
  writeFileSync(join(blue, 'main.tf'), '# mine\n')
  const record = read(blue, 'castle.json')
  const refused = await tazpod(scratch, ['castle', 'new', 'blue', ...BLUE])
  expect(refused).toMatchObject({ status: 77, stdout: '' })
  expect(refused.stderr).toContain('these files exist and differ: main.tf; nothing was written')
  expect(refused.stderr).toContain('-# mine')
  expect(read(blue, 'main.tf')).toBe('# mine\n')
  await must(scratch, ['castle', 'new', 'blue', ...BLUE, '--force'])
  expect(read(blue, 'main.tf')).toContain('talos_machine_secrets')
  expect(read(blue, 'castle.json')).toBe(record)
})

test.each([
  ['an address', ['--network', '10.0.10.0/24', '--first-vm-id', '3000'], 'the address 10.0.10.11'],
  ['a VM id', ['--network', '10.0.30.0/24', '--first-vm-id', '1003'], 'the VM id 1003'],
])('a castle that shares %s with another is refused', async (_, flags, words) => {
  const args = ['castle', 'new', 'red', '--from', 'blue', ...flags, '--non-interactive']
  const done = await tazpod(scratch, args)
  expect(done).toMatchObject({ status: 77, stdout: '' })
  expect(done.stderr).toContain(`${words} belongs to castle blue`)
})

test('two castles with one state path are refused, however the path is spelled', async () => {
  await using other = new Scratch()
  const one = await newCastle(other, 'one', BLUE)
  const record = JSON.parse(read(one, 'castle.json'))
  writeFileSync(join(one, 'castle.json'), JSON.stringify({ ...record, state: '../two/./terraform.tfstate' }))
  const done = await tazpod(other, [
    ...['castle', 'new', 'two', '--from', 'one', '--network', '10.9.0.0/24', '--first-vm-id', '9000'],
    '--non-interactive',
  ])
  expect(done).toMatchObject({ status: 77 })
  expect(done.stderr).toContain('two/terraform.tfstate belongs to castle one')
})

test.each([
  ['Blue', 64],
  ['-x', 64],
  ['b', 64],
  ['../evil', 64],
  ['a"$' + '{x}', 64],
  ['blue\n', 64],
])('a castle can not be called %j', async (name, status) => {
  expect(await tazpod(scratch, ['castle', 'new', '--', name])).toMatchObject({ status, stdout: '' })
})

test.each([
  ['--network', '10.0.0.0/31', 'must be an IPv4 network'],
  ['--network', '10.0.0.1/24', 'must be an IPv4 network'],
  ['--first-vm-id', '12', 'must be a number from 100'],
  ['--control-planes', '2', 'must be odd'],
  ['--infisical-host', 'http://eu.infisical.com', 'must be an https:// address'],
  ['--infisical-host', 'https://eu.infisical.com/api', 'must be only scheme, host and port'],
  ['--gitops-repository', 'a\nb', 'must be one line of text'],
])('an answer that is wrong is refused with its rule: %s %j', async (flag, value, words) => {
  const at = BLUE.indexOf(flag)
  const rest = at < 0 ? BLUE : [...BLUE.slice(0, at), ...BLUE.slice(at + 2)]
  const done = await tazpod(scratch, ['castle', 'new', 'other', ...rest, flag, value])
  expect(done).toMatchObject({ status: 64, stdout: '' })
  expect(done.stderr).toContain(words)
})

test('an answers file is read with line and column of each mistake; what is missing is listed', async () => {
  const file = scratch.file('answers.yaml', 'network: 10.0.40.0/24\nnetwrok: x\n')
  const wrong = await tazpod(scratch, ['castle', 'new', 'other', '--answers', file, '--non-interactive'])
  expect(wrong).toMatchObject({ status: 65 })
  expect(wrong.stderr).toContain(`${file}:2:1: unknown key "netwrok"`)
  scratch.file('answers.yaml', 'network: 10.0.40.0/24\n')
  const missing = await tazpod(scratch, ['castle', 'new', 'other', '--answers', file, '--non-interactive'])
  expect(missing).toMatchObject({ status: 64 })
  expect(missing.stderr).toContain('still to decide: --first-vm-id, --proxmox-endpoint')
})

test('a link in the way never leads a file out of the castle', async () => {
  const outside = scratch.folder('home/outside')
  const trap = join(scratch.project, 'trap')
  mkdirSync(trap)
  scratch.own(trap)
  symlinkSync(outside, join(trap, 'contract'))
  const flags = BLUE.map((word) =>
    word === '10.0.10.0/24' ? '10.5.0.0/24' : word === '1000' ? '7000' : word,
  )
  const done = await tazpod(scratch, ['castle', 'new', 'trap', ...flags])
  expect(done).toMatchObject({ status: 77 })
  expect(readdirSync(outside)).toEqual([])
  expect(lstatSync(join(trap, 'contract')).isSymbolicLink()).toBe(true)
})

test('at a terminal it asks for the topology and for nothing else', async () => {
  const argv = [tazpodBinary(), 'castle', 'new', 'violet', '--from', 'blue']
  await using terminal = new Terminal(scratch, argv, { cwd: scratch.project })
  await terminal.waitForText('Network of the nodes')
  terminal.line('not a network')
  await terminal.waitForText(/must be an IPv4 network[\s\S]*Network of the nodes/)
  terminal.line('10.0.50.0/24')
  await terminal.waitForText('First VM id')
  terminal.line('8000')
  expect((await terminal.exit()).exitCode).toBe(0)
  expect(terminal.text()).toContain('castle violet: 16 files written')
})
