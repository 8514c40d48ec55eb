/** The key's form, NaCl's secretbox, machine configs, and etcd's own files, whole and damaged. */
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { openBox } from '../../src/castle/adapters/secretbox.ts'
import { isSecretKey, readEtcdFile, storedAs } from '../../src/castle/core/etcd-values.ts'
import { secretboxKeyIn } from '../../src/castle/core/machine-config.ts'
import { keyBytes } from '../../src/castle/core/secretbox-key.ts'
import { etcdSnapshot } from '../support/castle/etcd.ts'
import { plainSecret, sealedValue } from '../support/castle/sealed-value.ts'
import { need } from '../support/tools.ts'

test('a key is standard base64 of exactly 32 bytes and nothing else', () => {
  for (let i = 0; i < 1_000; i++) {
    const bytes = randomBytes(32)
    expect(keyBytes(Buffer.from(bytes.toString('base64')))).toEqual(bytes)
  }
  const good = Buffer.alloc(32, 0xfb).toString('base64')
  const bad = [
    good.slice(0, -1),
    `${good}\n`,
    ` ${good}`,
    good.replaceAll('+', '-').replaceAll('/', '_'),
    Buffer.alloc(31).toString('base64'),
    Buffer.alloc(33).toString('base64'),
    '',
    `${good.slice(0, -2)}F=`,
  ]
  for (const text of bad) expect([text, keyBytes(Buffer.from(text))]).toEqual([text, undefined])
})

test("the library's secretbox gives the answer of NaCl's own test", async () => {
  const hex = (text: string): Buffer => Buffer.from(text, 'hex')
  const key = hex('1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389')
  const nonce = hex('69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37')
  const message =
    'be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705'
  const box =
    'f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5'
  expect((await openBox(key, nonce, hex(box)))?.toString('hex')).toBe(message)
  expect(await openBox(randomBytes(32), nonce, hex(box))).toBeUndefined()
})

test('a wrong key, a flipped bit and a cut box do not open', async () => {
  const key = randomBytes(32)
  const value = sealedValue(key, plainSecret('x'))
  const stored = storedAs(value)
  if (stored.kind !== 'secretbox') throw new Error(stored.kind)
  expect(stored.keyName).toBe('key2')
  expect(await openBox(key, stored.nonce, stored.box)).toEqual(plainSecret('x'))
  const flipped = Buffer.from(stored.box)
  flipped[20] = (flipped[20] ?? 0) ^ 1
  expect(await openBox(key, stored.nonce, flipped)).toBeUndefined()
  expect(await openBox(key, stored.nonce, stored.box.subarray(0, -1))).toBeUndefined()
})

test('what a value is, by its first bytes', () => {
  const kind = (text: string | Buffer): string => storedAs(Buffer.from(text as string)).kind
  expect(kind(plainSecret('x'))).toBe('clear')
  expect(kind('{"kind":"Secret"}')).toBe('clear')
  expect(kind('k8s:enc:aescbc:v1:key1:xxxx')).toBe('other-encryption')
  expect(kind('k8s:enc:kms:v2:vault:xxxx')).toBe('other-encryption')
  expect(kind('k8s:enc:secretbox:v1:key2:short')).toBe('cut')
  expect(kind('k8s:enc:secretbox:v1:key2')).toBe('cut')
  expect(kind('')).toBe('unknown')
  expect(['/registry/secrets/ns/x', '/registry/configmaps/ns/secrets', ''].map(isSecretKey)).toEqual([
    true,
    false,
    true,
  ])
})

const KEY = Buffer.alloc(32, 7).toString('base64')
test.each([
  ['a machine config', `machine: {}\ncluster:\n  secretboxEncryptionSecret: ${KEY}\n`],
  [
    'the output of talosctl',
    `node: 10.0.0.1\nspec: |\n  cluster:\n    secretboxEncryptionSecret: ${KEY}\n---\nnode: 10.0.0.2\nspec: |\n  cluster:\n    secretboxEncryptionSecret: ${KEY}\n`,
  ],
  [
    'several documents',
    `apiVersion: v1alpha1\nkind: HostnameConfig\n---\ncluster: { secretboxEncryptionSecret: "${KEY}" }\r\n`,
  ],
  ['a secrets bundle', `secrets:\n  bootstraptoken: x\n  secretboxencryptionsecret: ${KEY}\n`],
])('the key is found in %s', (_, text) => {
  const found = secretboxKeyIn(Buffer.from(text))
  expect(found.ok && found.key.toString()).toBe(KEY)
})

test.each([
  ['cluster: {}', 'has no cluster.secretboxEncryptionSecret'],
  ['cluster: { aescbcEncryptionSecret: x }', 'does not use secretbox'],
  [
    `cluster: { secretboxEncryptionSecret: a }\n---\ncluster: { secretboxEncryptionSecret: b }`,
    'more than one',
  ],
  ['a: [', 'is no YAML'],
  ['', 'is no YAML'],
])('no key is found in %j, and the reason repeats nothing', (text, words) => {
  const found = secretboxKeyIn(Buffer.from(text))
  expect(found.ok || found.why).toContain(words)
})

describe.skipIf(!need('etcd', 'snapshots of a real etcd'))('a snapshot of a real etcd', () => {
  const key = randomBytes(32)
  let snapshot: Buffer
  let json: string
  beforeAll(async () => {
    snapshot = await etcdSnapshot(async (etcd) => {
      for (let i = 0; i < 300; i++) await etcd.put(`/registry/pods/ns/p${i}`, 'x'.repeat(500))
      await etcd.put('/registry/secrets/ns/sealed', sealedValue(key, plainSecret('one')))
      await etcd.put('/registry/secrets/ns/clear', plainSecret('two'))
      await etcd.put('/registry/secrets/ns/changed', plainSecret('old, in clear'))
      await etcd.put('/registry/secrets/ns/changed', sealedValue(key, plainSecret('three')))
      await etcd.put('/registry/secrets/ns/gone', plainSecret('four'))
      await etcd.delete('/registry/secrets/ns/gone')
      await etcd.put('/registry/secrets/ns/large', sealedValue(key, randomBytes(200_000)))
      json = await etcd.get('/registry/secrets/ns/sealed')
    })
  })

  test('has the newest value of each key, without the deleted ones', async () => {
    const read = readEtcdFile(snapshot)
    if (read.kind !== 'snapshot') throw new Error(read.kind)
    const secrets = read.values.filter((one) => isSecretKey(one.key))
    expect(secrets.map((one) => [one.key.slice(17), storedAs(one.value).kind])).toEqual([
      ['/ns/sealed', 'secretbox'],
      ['/ns/clear', 'clear'],
      ['/ns/changed', 'secretbox'],
      ['/ns/large', 'secretbox'],
    ])
    expect(read.values).toHaveLength(304)
    for (const { value } of secrets) {
      const stored = storedAs(value)
      if (stored.kind === 'secretbox') expect(await openBox(key, stored.nonce, stored.box)).toBeDefined()
    }
  })

  test('and the JSON of one value is read as well', () => {
    const read = readEtcdFile(Buffer.from(json))
    expect(read).toMatchObject({ kind: 'json', values: [{ key: '/registry/secrets/ns/sealed' }] })
  })

  test('cut anywhere or with bytes changed it is damaged or shorter, and never a crash', () => {
    for (let i = 0; i < 60; i++) {
      const cut = snapshot.subarray(0, Math.floor((snapshot.length * i) / 60))
      expect(['damaged', 'value', 'snapshot']).toContain(readEtcdFile(Buffer.from(cut)).kind)
    }
    void fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(20_000), fc.nat(255)), { minLength: 1, maxLength: 20 }),
        (changes) => {
          const broken = Buffer.from(snapshot)
          for (const [at, byte] of changes) broken[at] = byte
          expect(['damaged', 'value', 'snapshot']).toContain(readEtcdFile(broken).kind)
        },
      ),
      { numRuns: 200 },
    )
  })
})
