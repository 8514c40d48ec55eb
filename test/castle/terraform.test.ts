/** `castle plan, apply, destroy, recreate, publish` with the real terraform on stand-ins for the providers. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kubeconfig, readyCastle, talosconfig } from '../support/castle/castle.ts'
import { tazpodBinary } from '../support/installed.ts'
import { must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { stub } from '../support/stub.ts'
import { type Run, tazpod } from '../support/tazpod.ts'
import { Terminal } from '../support/terminal.ts'
import { need, which } from '../support/tools.ts'

async function world(): Promise<{ scratch: Scratch; blue: string }> {
  const scratch = new Scratch()
  return { scratch, blue: await readyCastle(scratch) }
}

const castle = (
  scratch: Scratch,
  cwd: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<Run> => tazpod(scratch, ['castle', ...args], { cwd, env, timeout: 120_000 })
const record = (blue: string) => JSON.parse(readFileSync(join(blue, 'castle.json'), 'utf8'))
const stored = (scratch: Scratch, cwd: string, name: string): Promise<string> =>
  must(scratch, ['vault', 'get', '--reveal', name], { cwd })

/** A resource inside the cluster, as its provider would have left it in the state. */
function addInCluster(blue: string): void {
  const path = join(blue, 'terraform.tfstate')
  const state = JSON.parse(readFileSync(path, 'utf8'))
  const instance = { schema_version: 0, attributes: { id: 'external-secrets/x' }, sensitive_attributes: [] }
  state.resources.push({
    ...{ mode: 'managed', type: 'kubernetes_secret_v1', name: 'infisical_identity' },
    provider: 'provider["example.com/hashicorp/kubernetes"]',
    instances: [instance],
  })
  state.serial++
  writeFileSync(path, JSON.stringify(state))
}

describe.skipIf(!need('terraform', 'castle plan, apply, destroy'))('a castle', () => {
  let scratch: Scratch
  let blue: string
  beforeAll(async () => {
    ;({ scratch, blue } = await world())
  })
  afterAll(() => scratch[Symbol.asyncDispose]())

  test('is planned and applied with its grants; the state is private, and in the vault', async () => {
    const planned = await castle(scratch, blue, ['plan'])
    expect(planned).toMatchObject({ status: 0, stderr: '' })
    expect(planned.stdout).toContain('6 to add')
    expect(record(blue).life).toBe('planned')
    const applied = await castle(scratch, blue, ['apply', '--json', '--', '-auto-approve'])
    expect(applied.status).toBe(0)
    const run = JSON.parse(applied.stdout)
    expect(run).toMatchObject({
      castle: 'blue',
      step: 'apply',
      life: 'live',
      exitCode: 0,
      backup: { before: 0 },
    })
    expect(run.backup.after).toBeGreaterThan(100)
    expect(record(blue).life).toBe('live')
    expect(await must(scratch, ['vault', 'list'], { cwd: blue })).toContain(
      'castles/blue-b1e00000/after.tfstate.gz',
    )
  })

  test('publishes its credentials byte for byte, and a second time changes nothing', async () => {
    const first = JSON.parse(await must(scratch, ['castle', 'publish', '--json'], { cwd: blue }))
    expect(
      first.published.map(({ name, change }: { name: string; change: string }) => [name, change]),
    ).toEqual([
      ['BLUE_B1E00000_KUBECONFIG_CONTENT', 'created'],
      ['BLUE_B1E00000_TALOSCONFIG_CONTENT', 'created'],
    ])
    expect(await stored(scratch, blue, 'BLUE_B1E00000_KUBECONFIG_CONTENT')).toBe(kubeconfig('10.0.10.10'))
    const again = await must(scratch, ['castle', 'publish'], { cwd: blue })
    expect(again).toContain('same')
    expect(existsSync(join(blue, 'configs'))).toBe(false)
  })

  test('publishes from the shared folder in memory', async () => {
    const script =
      'printf %s "$1" >"$TAZPOD_GHOST/work/kubeconfig"; printf %s "$2" >"$TAZPOD_GHOST/work/talosconfig"; "$0" castle publish --from work'
    const fromWork = (config: string) =>
      tazpod(scratch, ['exec', '--', 'sh', '-c', script, tazpodBinary(), config, talosconfig('10.0.10.11')], {
        cwd: blue,
      })
    const mine = `${kubeconfig('10.0.10.10')}, of the folder`
    expect(await fromWork(mine)).toMatchObject({ status: 0 })
    expect(await stored(scratch, blue, 'BLUE_B1E00000_KUBECONFIG_CONTENT')).toBe(mine)
    expect((await castle(scratch, blue, ['publish', '--from', 'work'])).status).toBe(64)
    for (const [config, why] of [
      ['k', 'no YAML map'],
      [kubeconfig('10.0.99.10'), "its server is 10.0.99.10, this castle's endpoint is 10.0.10.10"],
    ] as const) {
      const refused = await fromWork(config)
      expect(refused).toMatchObject({ status: 65 })
      expect(refused.stderr).toContain(why)
      expect(await stored(scratch, blue, 'BLUE_B1E00000_KUBECONFIG_CONTENT')).toBe(mine)
    }
  })

  test('without a state nothing is published, and what was published stays', async () => {
    const before = await stored(scratch, blue, 'BLUE_B1E00000_KUBECONFIG_CONTENT')
    renameSync(join(blue, 'terraform.tfstate'), join(blue, 'kept.tfstate'))
    const refused = await castle(scratch, blue, ['publish'])
    renameSync(join(blue, 'kept.tfstate'), join(blue, 'terraform.tfstate'))
    expect(refused).toMatchObject({ status: 69 })
    expect(refused.stderr).toContain('has no output kubeconfig; nothing was stored')
    expect(await stored(scratch, blue, 'BLUE_B1E00000_KUBECONFIG_CONTENT')).toBe(before)
  })

  test('shows what would leave the state, and destroys nothing without the name', async () => {
    addInCluster(blue)
    const shown = await castle(scratch, blue, ['destroy', '--plan'])
    expect(shown.stdout).toContain('left the state: kubernetes_secret_v1.infisical_identity')
    for (const flags of [['--confirm', 'green'], ['--non-interactive']]) {
      const refused = await castle(scratch, blue, ['destroy', ...flags])
      expect(refused.status).toBe(flags.length === 2 ? 77 : 75)
      expect(refused.stderr).toContain('leaves the state: kubernetes_secret_v1.infisical_identity')
      expect(refused.stderr).toContain('6 further resources will be destroyed')
    }
    expect(record(blue).life).toBe('live')
    expect(readFileSync(join(blue, 'terraform.tfstate'), 'utf8')).toContain('infisical_identity')
  })

  test('while it lives, no other key is made; recreate ends it, makes one, and applies again', async () => {
    const old = await stored(scratch, blue, 'BLUE_B1E00000_TALOS_SECRETBOX_KEY')
    const kept = JSON.parse(await must(scratch, ['castle', 'secretbox', 'new', '--json'], { cwd: blue }))
    expect(kept.outcome).toBe('exists')
    const done = await castle(scratch, blue, ['recreate', '--confirm', 'blue', '--json'])
    expect(done).toMatchObject({ status: 0 })
    expect(JSON.parse(done.stdout)).toMatchObject({
      ...{ step: 'recreate', life: 'live', exitCode: 0 },
      removed: ['kubernetes_secret_v1.infisical_identity'],
    })
    const fresh = await stored(scratch, blue, 'BLUE_B1E00000_TALOS_SECRETBOX_KEY')
    expect(fresh).not.toBe(old)
    expect(readFileSync(join(blue, 'terraform.tfstate'), 'utf8')).toContain(fresh)
    expect(await stored(scratch, blue, 'BLUE_B1E00000_TALOS_SECRETBOX_KEY_1')).toBe(old)
    expect(record(blue)).toMatchObject({ life: 'live', deaths: 1 })
  })

  test('destroy records the death, and can be repeated', async () => {
    const done = await castle(scratch, blue, ['destroy', '--confirm', 'blue'])
    expect(done).toMatchObject({ status: 0 })
    expect(done.stdout).toContain('castle blue is destroyed')
    expect(record(blue)).toMatchObject({ life: 'destroyed', deaths: 2 })
    expect((await castle(scratch, blue, ['destroy', '--confirm', 'blue'])).status).toBe(0)
    expect(record(blue).deaths).toBe(2)
  })

  test('an empty state is no proof of death', async () => {
    await must(scratch, ['castle', 'secretbox', 'new'], { cwd: blue })
    await must(scratch, ['pull'], { cwd: blue })
    expect((await castle(scratch, blue, ['apply', '--', '-auto-approve'])).status).toBe(0)
    const state = join(blue, 'terraform.tfstate')
    const kept = readFileSync(state)
    rmSync(state)
    const done = await castle(scratch, blue, ['destroy', '--confirm', 'blue'])
    expect(done).toMatchObject({ status: 77 })
    expect(done.stderr).toContain('its state is empty or gone')
    expect(done.stderr).toContain('next: tazpod castle restore after')
    expect(record(blue).life).toBe('live')
    expect((await castle(scratch, blue, ['restore', 'after'])).status).toBe(0)
    expect(readFileSync(state)).toEqual(kept)
    expect((await castle(scratch, blue, ['destroy', '--confirm', 'blue'])).status).toBe(0)
  })

  test('a recreate that was killed between its steps goes on: dead, key there, nothing applied', async () => {
    const { fingerprint } = JSON.parse(
      await must(scratch, ['castle', 'secretbox', 'new', '--json'], { cwd: blue }),
    )
    expect(record(blue).life).toBe('planned')
    const done = await castle(scratch, blue, ['recreate', '--confirm', 'blue'])
    expect(done.status).toBe(0)
    expect(record(blue)).toMatchObject({ life: 'live', secretbox: { fingerprint } })
  })

  test('terraform that fails: its exit code, the state kept, and no death recorded', async () => {
    const path = join(blue, 'main.tf')
    const before = readFileSync(path, 'utf8')
    writeFileSync(
      path,
      `${before}\nresource "terraform_data" "bad" {\n  provisioner "local-exec" {\n    command = "exit 3"\n  }\n}\n`,
    )
    const done = await castle(scratch, blue, ['apply', '--', '-auto-approve'])
    expect(done.status).toBe(1)
    expect(done.stdout).toContain('terraform ended with 1')
    writeFileSync(path, before)
    expect(record(blue).life).toBe('live')
  })
})

describe.skipIf(!need('terraform', 'what terraform quotes'))(
  'a castle whose validation quotes its key',
  () => {
    let scratch: Scratch
    let blue: string
    let key: string
    beforeAll(async () => {
      ;({ scratch, blue } = await world())
      key = await stored(scratch, blue, 'BLUE_B1E00000_TALOS_SECRETBOX_KEY')
      const path = join(blue, 'variables.tf')
      const rule =
        '  validation {\n    condition     = length(var.talos_secretbox_key) == 3\n    error_message = "No."\n  }\n'
      const text = readFileSync(path, 'utf8')
      writeFileSync(path, text.replace(/(variable "talos_secretbox_key" \{\n)/, `$1${rule}`))
    })
    afterAll(() => scratch[Symbol.asyncDispose]())

    test('in a pipe: the value is hidden, and named', async () => {
      const planned = await castle(scratch, blue, ['plan', '--', '-no-color'])
      expect(planned.status).toBe(1)
      expect(planned.stderr).toContain('talos_secretbox_key = "(hidden: BLUE_B1E00000_TALOS_SECRETBOX_KEY)"')
      expect(planned.stderr).toContain(
        'tazpod: terraform printed BLUE_B1E00000_TALOS_SECRETBOX_KEY 2 times; it is hidden above',
      )
      expect(planned.stdout + planned.stderr).not.toContain(key)
    })

    test('at a terminal: the same, with its colours', async () => {
      await using terminal = new Terminal(scratch, [tazpodBinary(), 'castle', 'plan'], { cwd: blue })
      expect((await terminal.exit()).exitCode).toBe(1)
      expect(terminal.text()).toContain('(hidden: BLUE_B1E00000_TALOS_SECRETBOX_KEY)')
      expect(terminal.raw).toContain('\x1b[31m')
      expect(terminal.raw).not.toContain(key)
      expect(terminal.raw).not.toContain(key.slice(0, 30))
    })

    test('terraform asks for its yes there, and gets it', async () => {
      const path = join(blue, 'variables.tf')
      writeFileSync(path, readFileSync(path, 'utf8').replace('== 3', '== 44'))
      await using terminal = new Terminal(scratch, [tazpodBinary(), 'castle', 'apply'], { cwd: blue })
      await terminal.waitForText('Enter a value:', 30_000)
      terminal.line('yes')
      expect((await terminal.exit()).exitCode).toBe(0)
      expect(terminal.text()).toContain('Apply complete!')
      expect(terminal.text()).toContain('castle blue is live')
    })
  },
)

test.skipIf(!need('terraform', 'a first init that fails'))(
  'a first init that failed is no end: nothing lives, and the next run goes on',
  async () => {
    const { scratch, blue } = await world()
    await using _ = scratch
    const path = join(blue, 'providers.tf')
    const before = readFileSync(path, 'utf8')
    const missing = '  required_providers {\n    none = { source = "localhost/no/none" }\n  }\n'
    writeFileSync(path, before.replace('terraform {\n', `terraform {\n${missing}`))
    const failed = await castle(scratch, blue, ['apply', '--', '-auto-approve'])
    expect(failed.status).toBe(69)
    expect(failed.stderr).toContain('init ended with 1: it says why above. Nothing was begun')
    expect(existsSync(join(blue, '.terraform'))).toBe(true)
    expect(record(blue).life).toBe('planned')
    expect((await castle(scratch, blue, ['destroy', '--confirm', 'blue'])).status).toBe(69)
    writeFileSync(path, before)
    const applied = await castle(scratch, blue, ['apply', '--', '-auto-approve'])
    expect(applied).toMatchObject({ status: 0 })
    expect(record(blue).life).toBe('live')
    const again = await castle(scratch, blue, ['plan'])
    expect(again.stdout).not.toContain('Initializing')
  },
)

describe.skipIf(!need('terraform', 'the preflight of a castle'))('the preflight', () => {
  let scratch: Scratch
  let blue: string
  beforeAll(async () => {
    ;({ scratch, blue } = await world())
  })
  afterAll(() => scratch[Symbol.asyncDispose]())

  const refused = async (words: string, status: number, env: Record<string, string> = {}): Promise<void> => {
    const done = await castle(scratch, blue, ['plan'], env)
    expect([done.status, done.stdout]).toEqual([status, ''])
    expect(done.stderr).toContain(words)
  }

  test.each([['TRACE'], ['debug'], ['INFO'], ['JSON'], ['1'], ['true']])(
    'refuses TF_LOG=%s',
    async (level) => {
      await refused('writes values of variables and states into the log', 77, { TF_LOG: level })
    },
  )

  test('refuses TF_CLI_ARGS, and both are taken with --force', async () => {
    await refused('TF_CLI_ARGS_plan changes what terraform does', 77, { TF_CLI_ARGS_plan: '-no-color' })
    const forced = await castle(scratch, blue, ['plan', '--force'], { TF_CLI_ARGS_plan: '-no-color' })
    expect(forced.status).toBe(0)
  })

  test('refuses a state that others can read', async () => {
    const state = join(blue, 'terraform.tfstate')
    writeFileSync(state, '')
    scratch.own(state)
    chmodSync(state, 0o644)
    await refused(`next: chmod 600 ${state}`, 77)
    rmSync(state)
  })

  test.each([
    ['more.auto.tfvars', 'talos_secretbox_key = ""\n', 1],
    ['more.auto.tfvars.json', '{\n  "talos_secretbox_key": ""\n}\n', 2],
    ['terraform.tfvars.json', '{"talos_secretbox_key": null}', 1],
    ['z.auto.tfvars', 'talos_secretbox_key_name = "key9"\n', 1],
  ])('refuses a committed value in front of an injected one: %s', async (name, text, line) => {
    const file = join(blue, name)
    writeFileSync(file, text)
    const variable = /talos_\w+/.exec(text)?.[0]
    await refused(`${name}:${line} gives a value to ${variable}, which tazpod injects`, 77)
    rmSync(file)
  })

  test.each([
    [['-var', 'talos_secretbox_key=x'], '-var talos_secretbox_key=… would replace what tazpod injects'],
    [
      ['-var', 'talos_secretbox_key_name=key9'],
      '-var talos_secretbox_key_name=… would replace what tazpod injects',
    ],
    [['--var=talos_secretbox_key=x'], '-var talos_secretbox_key=… would replace what tazpod injects'],
    [['-var-file=mine.tfvars'], 'mine.tfvars:1 gives a value to talos_secretbox_key, which tazpod injects'],
    [['-out=plan.out'], 'a saved plan holds the key and every granted value'],
    [['-state', '/tmp/other'], "puts the state where the castle's record does not look"],
    [['-destroy'], 'next: tazpod castle destroy'],
  ])('refuses %j behind --', async (args, words) => {
    const file = join(blue, 'mine.tfvars')
    writeFileSync(file, 'talos_secretbox_key = ""\n')
    const done = await castle(scratch, blue, ['plan', '--', ...args])
    rmSync(file)
    expect([done.status, done.stdout]).toEqual([77, ''])
    expect(done.stderr).toContain(words)
    expect(existsSync(join(blue, 'plan.out'))).toBe(false)
  })

  test('refuses another workspace, by the environment or by choice: its state would not be kept', async () => {
    await refused('would work in the workspace w', 77, { TF_WORKSPACE: 'w' })
    mkdirSync(join(blue, '.terraform'), { recursive: true })
    const chosen = join(blue, '.terraform/environment')
    writeFileSync(chosen, 'w')
    await refused('next: terraform workspace select default', 77)
    rmSync(chosen)
  })

  test('refuses a terraform that is too old, and one that is not there', async () => {
    const path = scratch.env.PATH ?? ''
    stub(scratch, 'terraform', `echo '{"terraform_version":"1.9.8"}'`)
    await refused('terraform is 1.9.8; at least 1.11 is needed', 69)
    rmSync(join(scratch.home, 'bin/terraform'))
    scratch.env.PATH = path
    const empty = scratch.folder('home/empty')
    const setpriv = which('setpriv')
    if (setpriv !== undefined) symlinkSync(setpriv, join(empty, 'setpriv')) // the test itself changes the user with it
    await refused('terraform is not on the PATH', 69, { PATH: empty })
  })

  test('refuses a session that ends soon, and a locked one', async () => {
    const yaml = readFileSync(join(blue, 'tazpod.yaml'), 'utf8')
    writeFileSync(
      join(blue, 'tazpod.yaml'),
      yaml.replace('max: 12h', 'max: 5m').replace('idle: 30m', 'idle: 5m'),
    )
    await must(scratch, ['trust', '--yes'], { cwd: blue })
    await must(scratch, ['pull'], { cwd: blue, passphrase: PASSPHRASE })
    await refused('the session ends in', 77)
    await must(scratch, ['lock'], { cwd: blue })
    await refused('locked', 75)
    writeFileSync(join(blue, 'tazpod.yaml'), yaml)
  })

  test('refuses to apply with a key that is not the recorded one', async () => {
    await must(scratch, ['trust', '--yes'], { cwd: blue })
    const stdin = Buffer.alloc(32, 9).toString('base64')
    await must(scratch, ['vault', 'set', 'BLUE_B1E00000_TALOS_SECRETBOX_KEY', '--force'], {
      cwd: blue,
      passphrase: PASSPHRASE,
      stdin,
    })
    await must(scratch, ['pull'], { cwd: blue, passphrase: PASSPHRASE })
    const done = await castle(scratch, blue, ['apply', '--', '-auto-approve'])
    expect(done).toMatchObject({ status: 77, stdout: '' })
    expect(done.stderr).toContain('BLUE_B1E00000_TALOS_SECRETBOX_KEY is other')
    expect(existsSync(join(blue, 'terraform.tfstate'))).toBe(false)
  })
})
