/**
 * `castle secretbox rotate` with the real terraform on stand-ins and a kubectl that says what a cluster would: the four
 * steps of Kubernetes in their order, and a run that was stopped at any of them goes on there. No real cluster here.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { notRestarted } from '../../src/castle/core/api-servers.ts'
import { scan } from '../support/canary.ts'
import { PREFIX, readyCastle } from '../support/castle/castle.ts'
import { plainSecret, sealedValue } from '../support/castle/sealed-value.ts'
import { tazpodBinary } from '../support/installed.ts'
import { must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { stub } from '../support/stub.ts'
import { type Run, tazpod } from '../support/tazpod.ts'
import { Terminal } from '../support/terminal.ts'
import { need } from '../support/tools.ts'

const NAME = `${PREFIX}TALOS_SECRETBOX_KEY`
const KUBECTL = `case "$*" in
  *pods*) now=$(cat "$HOME/started" 2>/dev/null || date -u -d '+2 seconds' +%FT%TZ)
    echo '{"items": ['
    for n in 1 2 3; do
      [ $n = 1 ] || echo ,
      echo '{"metadata": {"name": "kube-apiserver-'$n'"}, "status": {"containerStatuses": [{"ready": true, "state": {"running": {"startedAt": "'$now'"}}}]}}'
    done
    echo ']}';;
  *secrets*) echo '{"kind": "List", "items": []}';;
  replace*) cat >/dev/null; printf 'secret/a replaced\\nsecret/b replaced\\n';;
esac`

describe.skipIf(!need('terraform', 'the rotation of the key'))('secretbox rotate', () => {
  let scratch: Scratch
  let blue: string
  let kubectl: ReturnType<typeof stub>
  beforeAll(async () => {
    scratch = new Scratch()
    kubectl = stub(scratch, 'kubectl', KUBECTL)
    blue = await readyCastle(scratch)
    const main = readFileSync(join(blue, 'main.tf'), 'utf8')
    // What the control planes were told, run by run: the order of the keys by their names.
    writeFileSync(
      join(blue, 'main.tf'),
      `${main}
resource "terraform_data" "told" {
  input = nonsensitive([
    for key in(length(local.encryption_patches) == 0 ? [] : yamldecode(local.encryption_patches[1]).config.resources[0].providers[0].secretbox.keys) :
    "\${key.name}=\${substr(sha256(key.secret), 0, 8)}"
  ])
}
`,
    )
    await must(scratch, ['castle', 'apply', '--', '-auto-approve'], {
      passphrase: PASSPHRASE,
      cwd: blue,
      timeout: 120_000,
    })
    await must(scratch, ['castle', 'publish'], { passphrase: PASSPHRASE, cwd: blue })
    await must(scratch, ['pull'], { cwd: blue })
  })
  afterAll(() => scratch[Symbol.asyncDispose]())

  const rotate = (...args: string[]): Promise<Run> =>
    tazpod(scratch, ['castle', 'secretbox', 'rotate', ...args, '--', '-auto-approve'], {
      passphrase: PASSPHRASE,
      cwd: blue,
      timeout: 180_000,
    })
  const stored = (name: string): Promise<string> =>
    must(scratch, ['vault', 'get', '--reveal', name], { passphrase: PASSPHRASE, cwd: blue })
  const record = () => JSON.parse(readFileSync(join(blue, 'castle.json'), 'utf8'))
  const told = (): string[] => {
    const state = JSON.parse(readFileSync(join(blue, 'terraform.tfstate'), 'utf8'))
    const found = state.resources.find(({ name }: { name: string }) => name === 'told')
    return found.instances[0].attributes.input.value.map((one: string) => one.split('=')[0])
  }

  test('is refused below Talos 1.14, with the reason', async () => {
    const file = join(blue, 'terraform.tfvars')
    const before = readFileSync(file, 'utf8')
    writeFileSync(
      file,
      before
        .replace(/(talos_version +=).*/, '$1 "v1.13.10"')
        .replace(/(kubernetes_version +=).*/, '$1 "1.36.0"'),
    )
    const refused = await rotate()
    writeFileSync(file, before)
    expect(refused).toMatchObject({ status: 77, stdout: '' })
    expect(refused.stderr).toContain('Talos v1.13.10 has one field for the key')
    expect(record().next).toBeNull()
  })

  test('four steps in their order; a failure in the middle is where the next run goes on', async () => {
    const old = await stored(NAME)
    expect(await stored(`${NAME}_NEXT`)).toBe(old)
    expect(told()).toEqual([])
    const main = join(blue, 'main.tf')
    const before = readFileSync(main, 'utf8')
    const broken = `${before}\nresource "terraform_data" "bad" {\n  count = var.talos_secretbox_next_first ? 1 : 0\n  provisioner "local-exec" {\n    command = "exit 3"\n  }\n}\n`
    writeFileSync(main, broken)
    const stopped = await rotate()
    expect(stopped.status).toBe(1)
    expect(stopped.stderr).toContain('step 1 of 4: the new key goes behind the old one')
    expect(stopped.stderr).toContain('step 2 of 4: the new key goes before the old one')
    expect(stopped.stdout).toContain('terraform ended with 1; next: tazpod castle secretbox rotate')
    expect(record().next).toMatchObject({ name: 'key3', step: 'promote' })
    expect(await stored(NAME)).toBe(old)
    const next = await stored(`${NAME}_NEXT`)
    expect(next).not.toBe(old)
    expect(kubectl().some(({ argv }) => argv.startsWith('replace'))).toBe(false)
    expect(
      (await tazpod(scratch, ['castle', 'secretbox', 'check'], { passphrase: PASSPHRASE, cwd: blue })).status,
    ).toBe(0)

    const etcd = scratch.file('both.bin', sealedValue(Buffer.from(next, 'base64'), plainSecret('x')))
    const both = JSON.parse(
      (
        await tazpod(scratch, ['castle', 'secretbox', 'check', '--etcd', etcd, '--json'], {
          passphrase: PASSPHRASE,
          cwd: blue,
        })
      ).stdout,
    )
    expect(both.etcd.openedBy).toEqual([{ key: 'key3', which: 'next', values: 1 }])

    writeFileSync(main, before)
    const done = await rotate('--json')
    expect(done.status, done.stderr).toBe(0)
    expect(done.stderr).not.toContain('step 1 of 4')
    expect(JSON.parse(done.stdout)).toMatchObject({
      castle: 'blue',
      key: 'key3',
      steps: ['promote', 'rewrite', 'remove'],
      rewritten: 2,
      exitCode: 0,
    })
    expect(record()).toMatchObject({ life: 'live', next: null, secretbox: { name: 'key3' } })
    expect([await stored(NAME), await stored(`${NAME}_NEXT`), await stored(`${NAME}_0_KEY2`)]).toEqual([
      next,
      next,
      old,
    ])
    expect(told()).toEqual(['key3'])
    const calls = kubectl().map(({ argv }) => argv.split(' ').slice(0, 2).join(' '))
    expect(calls.filter((call) => call !== 'get pods')).toEqual(['get secrets', 'replace -f'])
    const places = scan([scratch.home], [next]).map(({ path }) => path)
    expect(places.filter((path) => !path.startsWith(join(blue, 'terraform.tfstate')))).toEqual([])
  }, 240_000) // it waits for API servers, 3 s at a time

  test('afterwards: planned without a change, checked by the new key, and the old one named', async () => {
    const planned = await tazpod(scratch, ['castle', 'plan', '--', '-detailed-exitcode'], {
      passphrase: PASSPHRASE,
      cwd: blue,
      timeout: 120_000,
    })
    expect(planned.status, planned.stdout + planned.stderr).toBe(0)
    const check = async (key: string) => {
      const value = sealedValue(Buffer.from(await stored(key), 'base64'), plainSecret('x'))
      const file = scratch.file('etcd.bin', value)
      return tazpod(scratch, ['castle', 'secretbox', 'check', '--etcd', file], {
        passphrase: PASSPHRASE,
        cwd: blue,
      })
    }
    expect(await check(NAME)).toMatchObject({ status: 0 })
    const old = await check(`${NAME}_0_KEY2`)
    expect(old.status).toBe(65)
    expect(old.stdout).toContain('1 opened by key2, an old key')
  })

  test('an older file of names, from git, is put right before anything is planned', async () => {
    const path = join(blue, 'rotation.auto.tfvars.json')
    const right = readFileSync(path)
    expect(JSON.parse(right.toString())).toEqual({
      talos_secretbox_key_name: 'key3',
      talos_secretbox_next_key_name: 'key4',
      talos_secretbox_next_first: false,
    })
    rmSync(path)
    await must(scratch, ['castle', 'plan'], { passphrase: PASSPHRASE, cwd: blue, timeout: 120_000 })
    expect(readFileSync(path)).toEqual(right)
  })

  test('a key that nobody recorded is not rolled out', async () => {
    await must(scratch, ['vault', 'set', `${NAME}_NEXT`, '--force'], {
      passphrase: PASSPHRASE,
      cwd: blue,
      stdin: Buffer.alloc(32, 5).toString('base64'),
    })
    const refused = await tazpod(scratch, ['castle', 'apply', '--', '-auto-approve'], {
      passphrase: PASSPHRASE,
      cwd: blue,
      timeout: 120_000,
    })
    expect(refused.status).toBe(77)
    await must(scratch, ['castle', 'secretbox', 'new'], { passphrase: PASSPHRASE, cwd: blue })
    expect(await stored(`${NAME}_NEXT`)).toBe(await stored(NAME))
  })

  test('no key goes before the old one while an API server has not read it', async () => {
    const started = scratch.file('started', '2026-01-01T00:00:00Z\n', 0o644)
    const command = [tazpodBinary(), 'castle', 'secretbox', 'rotate', '--', '-auto-approve']
    await using terminal = new Terminal(scratch, command, { cwd: blue })
    await terminal.waitForText('Passphrase of the vault:')
    terminal.line(PASSPHRASE)
    await terminal.waitForText(/waiting: 3 of 3 API servers run with\s+the old config/, 120_000)
    expect(terminal.text()).not.toContain('step 2 of 4')
    expect(record().next).toMatchObject({ name: 'key4', step: 'add' })
    expect(told()).toEqual(['key3', 'key4'])
    terminal.type('\x03')
    expect(await terminal.exit()).toEqual({ exitCode: 0, signal: 2 })
    expect(record().next).toMatchObject({ name: 'key4', step: 'add', since: '2026-01-01T00:00:00.000Z' })
    rmSync(started)
    expect((await rotate()).status).toBe(0)
    expect(told()).toEqual(['key4'])
  }, 240_000)

  test('is refused where the castle does not live', async () => {
    await must(scratch, ['castle', 'destroy', '--confirm', 'blue'], {
      passphrase: PASSPHRASE,
      cwd: blue,
      timeout: 120_000,
    })
    const refused = await rotate()
    expect(refused).toMatchObject({ status: 77, stdout: '' })
    expect(refused.stderr).toContain('castle blue is destroyed: only the key of a living cluster is rotated')
    expect(record().next).toBeNull()
  })
})

test.each([
  ['all started since', [1, 1, 1], 3, undefined],
  ['one started then', [1, 0, 1], 3, '1 of 3 API servers run with the old config: b'],
  ['one has the old config', [1, -1, 1], 3, '1 of 3 API servers run with the old config: b'],
  ['one is missing', [1, 1], 3, '2 of 3 API servers are there'],
])('API servers: %s', (_, starts, expected, words) => {
  const since = Date.parse('2026-01-01T00:00:00Z')
  const items = starts.map((start, index) => ({
    metadata: { name: 'abc'[index] },
    status: {
      containerStatuses: [
        { ready: true, state: { running: { startedAt: new Date(since + start * 1000).toISOString() } } },
      ],
    },
  }))
  expect(notRestarted(JSON.stringify({ items }), since, expected)).toBe(words)
})
