/** `castle plan, apply, destroy, recreate, publish` with the real terraform on stand-ins for the providers. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kubeconfig, talosconfig } from '../support/castle/castle.ts'
import { tazpodBinary } from '../support/installed.ts'
import { must, PASSPHRASE } from '../support/project.ts'
import type { Scratch } from '../support/scratch.ts'
import { tazpod } from '../support/tazpod.ts'
import { Terminal } from '../support/terminal.ts'
import { need } from '../support/tools.ts'
import { addInCluster, castle, record, stored, world } from './world.ts'

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
    expect(await must(scratch, ['vault', 'list'], { passphrase: PASSPHRASE, cwd: blue })).toContain(
      'castles/blue-b1e00000/after.tfstate.gz',
    )
  })

  test('publishes its credentials byte for byte, and a second time changes nothing', async () => {
    const first = JSON.parse(
      await must(scratch, ['castle', 'publish', '--json'], { passphrase: PASSPHRASE, cwd: blue }),
    )
    expect(
      first.published.map(({ name, change }: { name: string; change: string }) => [name, change]),
    ).toEqual([
      ['BLUE_B1E00000_KUBECONFIG_CONTENT', 'created'],
      ['BLUE_B1E00000_TALOSCONFIG_CONTENT', 'created'],
    ])
    expect(await stored(scratch, blue, 'BLUE_B1E00000_KUBECONFIG_CONTENT')).toBe(kubeconfig('10.0.10.10'))
    const again = await must(scratch, ['castle', 'publish'], { passphrase: PASSPHRASE, cwd: blue })
    expect(again).toContain('same')
    expect(existsSync(join(blue, 'configs'))).toBe(false)
  })

  test('publishes from the shared folder in memory', async () => {
    const script =
      'printf %s "$1" >"$TAZPOD_GHOST/work/kubeconfig"; printf %s "$2" >"$TAZPOD_GHOST/work/talosconfig"; "$0" castle publish --from work --passphrase-fd 3 3<pass'
    scratch.file(`${blue.slice(scratch.home.length + 1)}/pass`, PASSPHRASE)
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
    const kept = JSON.parse(
      await must(scratch, ['castle', 'secretbox', 'new', '--json'], { passphrase: PASSPHRASE, cwd: blue }),
    )
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
    await must(scratch, ['castle', 'secretbox', 'new'], { passphrase: PASSPHRASE, cwd: blue })
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
      await must(scratch, ['castle', 'secretbox', 'new', '--json'], { passphrase: PASSPHRASE, cwd: blue }),
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
      await terminal.waitForText('Passphrase of the vault:')
      terminal.line(PASSPHRASE)
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
      await terminal.waitForText('Passphrase of the vault:')
      terminal.line(PASSPHRASE)
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
