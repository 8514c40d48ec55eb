/** `castle secretbox` with the real binary and the embedded vault. */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scan, scanBytes } from '../support/canary.ts'
import { castle, newCastle } from '../support/castle/castle.ts'
import { plainSecret, sealedValue } from '../support/castle/sealed-value.ts'
import { makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import type { Run } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'

const NAME = 'BLUE_B1E00000_TALOS_SECRETBOX_KEY'

async function fresh(secrets: Record<string, string> = {}): Promise<{ scratch: Scratch; blue: string }> {
  const scratch = new Scratch()
  await makeVault(scratch, secrets)
  return { scratch, blue: await newCastle(scratch, 'blue') }
}

const stored = (scratch: Scratch, blue: string, name = NAME): Promise<string> =>
  must(scratch, ['vault', 'get', '--reveal', name], { cwd: blue, passphrase: PASSPHRASE })

const secretbox = (scratch: Scratch, blue: string, ...args: string[]): Promise<Run> =>
  castle(scratch, blue, ['secretbox', ...args])

const record = (blue: string) => JSON.parse(readFileSync(join(blue, 'castle.json'), 'utf8'))
const write = (blue: string, change: object): void =>
  writeFileSync(join(blue, 'castle.json'), JSON.stringify({ ...record(blue), ...change }))

test('new makes one key, records a keyed fingerprint, and shows the key nowhere', async () => {
  const { scratch, blue } = await fresh()
  await using _ = scratch
  const made = await secretbox(scratch, blue, 'new')
  expect(made).toMatchObject({ status: 0, stderr: '' })
  const key = await stored(scratch, blue)
  expect(key).toMatch(/^[A-Za-z0-9+/]{43}=$/)
  expect(scanBytes(made.stdoutBytes, [key])).toEqual([])
  expect(scan([scratch.root], [key])).toEqual([])
  const { secretbox: kept, life, seal } = record(blue)
  expect(made.stdout).toContain(`fingerprint ${kept.fingerprint}`)
  expect(life).toBe('planned')
  expect(seal).toMatch(/^[0-9a-f]{64}$/)
  const again = JSON.parse((await secretbox(scratch, blue, 'new', '--json')).stdout)
  expect(again).toMatchObject({ outcome: 'exists', fingerprint: kept.fingerprint })
  expect(await stored(scratch, blue)).toBe(key)
  expect((await secretbox(scratch, blue, 'fingerprint')).stdout).toBe(`${kept.fingerprint}\n`)
  expect((await secretbox(scratch, blue, 'check')).stdout).toContain(`${NAME} is the recorded one`)
})

test('of several runs at once there is one key, and all say the same', async () => {
  const { scratch, blue } = await fresh()
  await using _ = scratch
  const runs = await Promise.all([1, 2, 3, 4].map(() => secretbox(scratch, blue, 'new', '--json')))
  const said = runs.map(({ stdout }) => JSON.parse(stdout))
  expect(new Set(said.map(({ fingerprint }) => fingerprint)).size).toBe(1)
  expect((await secretbox(scratch, blue, 'check')).status).toBe(0)
})

test.each([
  ['a newline at its end', `${Buffer.alloc(32, 1).toString('base64')}\n`],
  ['31 bytes', Buffer.alloc(31, 1).toString('base64')],
  ['a password', 'hunter2'],
])('a stored value that is no key is named and kept: %s', async (_, value) => {
  const { scratch, blue } = await fresh({ [NAME]: value })
  await using _s = scratch
  const done = await secretbox(scratch, blue, 'new')
  expect(done).toMatchObject({ status: 65, stdout: '' })
  expect(done.stderr).toContain('is no secretbox key: standard base64 of exactly 32 bytes')
  expect(await stored(scratch, blue)).toBe(value)
})

describe('the guard', () => {
  test('another key on a cluster that is not destroyed is refused, and the reason explained', async () => {
    const { scratch, blue } = await fresh()
    await using _ = scratch
    await secretbox(scratch, blue, 'new')
    const other = randomBytes(32).toString('base64')
    await must(scratch, ['vault', 'set', NAME, '--force'], {
      cwd: blue,
      passphrase: PASSPHRASE,
      stdin: other,
    })
    const refused = await secretbox(scratch, blue, 'new')
    expect(refused).toMatchObject({ status: 77, stdout: '' })
    expect(refused.stderr).toContain('is not the one that this cluster was made with')
    expect(refused.stderr).toContain('output array was not large enough for encryption')
    expect((await secretbox(scratch, blue, 'check')).status).toBe(65)
    expect(await stored(scratch, blue)).toBe(other)
  })

  test('a key that is gone while the cluster lives is not made anew', async () => {
    const { scratch, blue } = await fresh()
    await using _ = scratch
    await secretbox(scratch, blue, 'new')
    await must(scratch, ['vault', 'rm', NAME], { cwd: blue, passphrase: PASSPHRASE })
    const refused = await secretbox(scratch, blue, 'new')
    expect(refused).toMatchObject({ status: 77, stdout: '' })
    expect(refused.stderr).toContain(
      'next: talosctl get machineconfig -o yaml | tazpod castle secretbox adopt',
    )
  })

  test.each([
    ['life', { life: 'destroyed' }],
    ['fingerprint', { secretbox: { fingerprint: 'a'.repeat(64), recorded: '2026-01-01T00:00:00.000Z' } }],
    ['name of the secret', { secrets: { secretbox: 'OTHER' } }],
    ['seal', { seal: null }],
  ])('a record edited by hand is not believed: %s', async (_, change) => {
    const { scratch, blue } = await fresh()
    await using _s = scratch
    await secretbox(scratch, blue, 'new')
    const before = await stored(scratch, blue)
    const secrets = { ...record(blue).secrets, ...('secrets' in change ? change.secrets : {}) }
    write(blue, { ...change, secrets })
    const refused = await secretbox(scratch, blue, 'new')
    expect(refused).toMatchObject({ status: 65, stdout: '' })
    expect(refused.stderr).toContain('its seal does not fit')
    expect(await stored(scratch, blue)).toBe(before)
  })

  test.each([
    ['no JSON', '{'],
    ['an unknown key', '{"version":1,"evil":true}'],
    ['another version', '{"version":2}'],
  ])('a record that can not be read ends it: %s', async (_, text) => {
    const { scratch, blue } = await fresh()
    await using _s = scratch
    writeFileSync(join(blue, 'castle.json'), text)
    expect(await secretbox(scratch, blue, 'check')).toMatchObject({ status: 65, stdout: '' })
  })

  test('outside of a castle it says so', async () => {
    const { scratch } = await fresh()
    await using _ = scratch
    expect(await secretbox(scratch, scratch.project, 'new')).toMatchObject({ status: 65, stdout: '' })
  })
})

describe('adopt', () => {
  const KEY = randomBytes(32).toString('base64')
  const CONFIG = `machine: {}\ncluster:\n  secretboxEncryptionSecret: ${KEY}\n`
  const adopt = (scratch: Scratch, blue: string, stdin: string): Promise<Run> =>
    castle(scratch, blue, ['secretbox', 'adopt'], { stdin })

  test('keeps the key of a running cluster and records it as living; a second run changes nothing', async () => {
    const { scratch, blue } = await fresh()
    await using _ = scratch
    const done = await adopt(scratch, blue, CONFIG)
    expect(done).toMatchObject({ status: 0, stderr: '' })
    expect(scanBytes(done.stdoutBytes, [KEY])).toEqual([])
    expect(await stored(scratch, blue)).toBe(KEY)
    expect(record(blue).life).toBe('live')
    expect((await adopt(scratch, blue, CONFIG)).status).toBe(0)
    expect(scan([scratch.root], [KEY])).toEqual([])
  })

  const DOCUMENTS = (secret: string) => `version: v1alpha1
cluster: { token: x }
---
apiVersion: v1alpha1
kind: KubeEtcdEncryptionConfig
config:
  resources:
    - resources: [configmaps]
      providers: [{ secretbox: { keys: [{ name: key9, secret: "${'B'.repeat(43)}=" }] } }]
    - resources: [secrets]
      providers:
        - secretbox: { keys: [{ name: key2, secret: "${secret}" }, { name: key1, secret: "${'C'.repeat(43)}=" }] }
        - identity: {}
`
  test.each([
    ['the documents of Talos 1.14', (text: string) => text],
    [
      'the answer of talosctl get machineconfig',
      (text: string) =>
        `node: 10.0.0.1\nspec: |\n${text.replace(/^/gm, '    ')}\n---\nnode: 10.0.0.2\nspec: |\n${text.replace(/^/gm, '    ')}`,
    ],
  ])('finds the key that writes in %s', async (_, wrapped) => {
    const { scratch, blue } = await fresh()
    await using _s = scratch
    const done = await adopt(scratch, blue, wrapped(DOCUMENTS(KEY)))
    expect(done, done.stderr).toMatchObject({ status: 0 })
    expect(await stored(scratch, blue)).toBe(KEY)
    const identity =
      'apiVersion: v1alpha1\nkind: KubeEtcdEncryptionConfig\nconfig: { resources: [{ resources: [secrets], providers: [{ identity: {} }] }] }\n'
    expect((await adopt(scratch, blue, identity)).stderr).toContain('this cluster does not use secretbox')
  })

  test('never replaces another key of the store', async () => {
    const { scratch, blue } = await fresh()
    await using _ = scratch
    await secretbox(scratch, blue, 'new')
    const before = await stored(scratch, blue)
    const done = await adopt(scratch, blue, CONFIG)
    expect(done).toMatchObject({ status: 77, stdout: '' })
    expect(done.stderr).toContain('Neither was touched')
    expect(await stored(scratch, blue)).toBe(before)
  })

  test('makes a record that was edited by hand right again', async () => {
    const { scratch, blue } = await fresh()
    await using _ = scratch
    await adopt(scratch, blue, CONFIG)
    write(blue, { life: 'destroyed' })
    expect((await secretbox(scratch, blue, 'new')).status).toBe(65)
    expect((await adopt(scratch, blue, CONFIG)).status).toBe(0)
    expect(record(blue).life).toBe('live')
    expect((await secretbox(scratch, blue, 'check')).status).toBe(0)
  })

  test.each([
    ['nothing', ''],
    ['prose', 'hello'],
    ['a config without key', 'cluster: {}'],
  ])('refuses %s', async (_, stdin) => {
    const { scratch, blue } = await fresh()
    await using _s = scratch
    expect(await adopt(scratch, blue, stdin)).toMatchObject({ status: 65, stdout: '' })
  })
})

describe('check --etcd', () => {
  let scratch: Scratch
  let blue: string
  let key: Buffer
  beforeAll(async () => {
    ;({ scratch, blue } = await fresh())
    await secretbox(scratch, blue, 'new')
    key = Buffer.from(await stored(scratch, blue), 'base64')
  })
  afterAll(() => scratch[Symbol.asyncDispose]())

  const check = async (
    content: Uint8Array,
  ): Promise<{ status: number | null; etcd: Record<string, unknown> }> => {
    const file = scratch.file('etcd.bin', content)
    const { status, stdout } = await secretbox(scratch, blue, 'check', '--etcd', file, '--json')
    return { status, etcd: JSON.parse(stdout).etcd }
  }

  test.each([
    ['that ends with any byte', (value: Buffer) => value.at(-1) !== 0x0a],
    ['that itself ends with the byte of a newline', (value: Buffer) => value.at(-1) === 0x0a],
  ])('one value %s: encrypted and ours, with or without the newline of etcdctl', async (_, wanted) => {
    let value = sealedValue(key, plainSecret('x'))
    while (!wanted(value)) value = sealedValue(key, plainSecret('x'))
    expect(await check(value)).toMatchObject({
      status: 0,
      etcd: { kind: 'value', opened: 1, keyNames: ['key2'] },
    })
    expect(await check(Buffer.concat([value, Buffer.from('\n')]))).toMatchObject({
      status: 0,
      etcd: { opened: 1 },
    })
  })

  test.each([
    ['in clear', () => plainSecret('x'), { clear: 1 }],
    ['under another key', () => sealedValue(randomBytes(32), plainSecret('x')), { locked: 1 }],
    ['cut off', () => sealedValue(key, plainSecret('x')).subarray(0, 60), { unreadable: 1 }],
    ['by another method', () => Buffer.from('k8s:enc:aescbc:v1:key1:xxxxxxxx'), { otherwise: 1 }],
    ['nothing of Kubernetes', () => randomBytes(100), { unreadable: 1 }],
    ['an empty file', () => Buffer.alloc(0), { unreadable: 1 }],
  ])('one value that is %s: exit code 65 and the reason', async (_, value, report) => {
    expect(await check(value())).toMatchObject({ status: 65, etcd: { secrets: 1, opened: 0, ...report } })
  })

  test.skipIf(!need('etcd', 'check --etcd on a snapshot of a real etcd'))(
    'a snapshot of a real etcd',
    async () => {
      const { etcdSnapshot } = await import('../support/castle/etcd.ts')
      const secret = plainSecret('in the open')
      const good = await etcdSnapshot(async (etcd) => {
        await etcd.put('/registry/secrets/a/x', sealedValue(key, plainSecret('one')))
        await etcd.put('/registry/configmaps/a/y', plainSecret('config maps are in clear on purpose'))
      })
      expect(await check(good)).toMatchObject({
        status: 0,
        etcd: { kind: 'snapshot', secrets: 1, opened: 1 },
      })
      const bad = await etcdSnapshot(async (etcd) => {
        await etcd.put('/registry/secrets/a/x', sealedValue(key, plainSecret('one')))
        await etcd.put('/registry/secrets/a/clear', secret)
        await etcd.put('/registry/secrets/a/old', sealedValue(randomBytes(32), secret, 'key1'))
      })
      expect(await check(bad)).toMatchObject({
        status: 65,
        etcd: {
          ...{ secrets: 3, opened: 1, clear: 1, locked: 1 },
          keyNames: expect.arrayContaining(['key1', 'key2']),
          notOpened: ['/registry/secrets/a/clear', '/registry/secrets/a/old'],
        },
      })
      const people = await secretbox(scratch, blue, 'check', '--etcd', scratch.file('etcd.bin', bad))
      expect(people.stdout).toContain('1 in clear text')
      expect(people.stdout).not.toContain('in the open')
    },
  )

  test.skipIf(!need('etcd', 'older values in a snapshot of a real etcd'))(
    'a value that was rewritten encrypted stands in clear text until etcd compacts: said, exit code 65',
    async () => {
      const { etcdSnapshot } = await import('../support/castle/etcd.ts')
      const snapshot = await etcdSnapshot(async (etcd) => {
        await etcd.put('/registry/secrets/a/x', plainSecret('before encryption'))
        await etcd.put('/registry/secrets/a/x', sealedValue(key, plainSecret('one')))
        await etcd.put('/registry/secrets/a/gone', plainSecret('deleted'))
        await etcd.delete('/registry/secrets/a/gone')
      })
      const etcd = { secrets: 1, opened: 1, clear: 0, olderClear: 2 }
      expect(await check(snapshot)).toMatchObject({ status: 65, etcd })
      const people = await secretbox(scratch, blue, 'check', '--etcd', scratch.file('etcd.bin', snapshot))
      expect(people.stdout).toContain('2 older values in clear text')
    },
  )

  test.skipIf(!need('etcd', 'a damaged snapshot of a real etcd'))(
    'one changed byte anywhere in a snapshot: refused, because its SHA-256 does not fit',
    async () => {
      const { etcdSnapshot } = await import('../support/castle/etcd.ts')
      const snapshot = await etcdSnapshot((etcd) =>
        etcd.put('/registry/secrets/a/x', sealedValue(key, plainSecret('one'))),
      )
      expect(snapshot.length % 512).toBe(32)
      for (const part of [0.2, 0.5, 0.8, 1]) {
        const flipped = Buffer.from(snapshot)
        const at = Math.ceil(snapshot.length * part) - 1
        flipped.writeUInt8(flipped.readUInt8(at) ^ 1, at)
        const file = scratch.file('etcd.bin', flipped)
        const refused = await secretbox(scratch, blue, 'check', '--etcd', file)
        expect(refused.status).toBe(65)
        expect(refused.stderr).toMatch(/SHA-256 at its end does not fit|cut off or damaged/)
      }
    },
  )
})
