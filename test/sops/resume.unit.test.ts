/** The migration against a store that refuses in the middle, and killed between any two of its steps. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SecretStore } from '../../src/castle/app/store.ts'
import { err, ok } from '../../src/core/result.ts'
import { applySops, finishSops, planSops, verifySops } from '../../src/sops/app/sops.ts'
import { sopsYaml } from '../support/castle/sops-writer.ts'
import { failed, value } from '../support/vault.ts'

class FakeStore implements SecretStore {
  readonly label = 'the store'
  readonly values = new Map<string, Buffer>()
  writes = 0
  /** After this many writes it refuses everything. */
  limit = Number.POSITIVE_INFINITY

  async names() {
    return ok([...this.values.keys()])
  }
  async read(name: string) {
    const found = this.values.get(name)
    return ok(found && Buffer.from(found))
  }
  async createIfAbsent(name: string, content: Buffer) {
    if (this.values.has(name)) return ok('exists' as const)
    const done = await this.upsert(name, content)
    return done.ok ? ok('created' as const) : done
  }
  async upsert(name: string, content: Buffer) {
    const old = this.values.get(name)
    if (old?.equals(content)) return ok('same' as const)
    if (this.writes >= this.limit) return refused
    this.writes++
    this.values.set(name, Buffer.from(content))
    return ok(old === undefined ? ('created' as const) : ('updated' as const))
  }
}
const refused = err({
  reason: 'infisical',
  problem: { kind: 'not-allowed', action: 'create' },
  at: { host: 'https://x' },
} as const)

let folder: string
let identity: string
let store: FakeStore
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tz-sops-'))
  identity = await generateX25519Identity()
  const recipients = [await identityToRecipient(identity)]
  mkdirSync(join(folder, 'infra'))
  for (const [name, data] of Object.entries({ one: { a: '1', b: '2' }, two: { c: '3' }, three: { d: '4' } }))
    writeFileSync(join(folder, 'infra', `${name}.enc.yaml`), await sopsYaml([data], { recipients }))
  writeFileSync(join(folder, '.sops.yaml'), 'creation_rules: []\n')
  store = new FakeStore()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const options = () => ({ folder, identities: [Buffer.from(identity)], overwrite: false })
const there = (name: string): boolean => existsSync(join(folder, 'infra', `${name}.enc.yaml`))

test('plan writes nothing, neither into the store nor on the disk', async () => {
  const report = value(await planSops(store, options()))
  expect(report.values.map(({ name, state }) => [name, state])).toEqual([
    ['A', 'new'],
    ['B', 'new'],
    ['D', 'new'],
    ['C', 'new'],
  ])
  expect([store.writes, existsSync(join(folder, '.tazpod'))]).toEqual([0, false])
})

test('a store that refuses at any point: nothing is deleted, and the next run ends it', async () => {
  for (let limit = 0; limit < 6; limit++) {
    store = new FakeStore()
    store.limit = limit
    const first = await applySops(store, options())
    expect(first.ok).toBe(limit >= 5)
    if (!first.ok) {
      expect(failed(await finishSops(store, options())).reason).toMatch(/castle-refused|infisical/)
      expect([there('one'), there('two'), there('three')]).toEqual([true, true, true])
    }
    store.limit = Number.POSITIVE_INFINITY
    value(await applySops(store, options()))
    value(await verifySops(store, options()))
    rmSync(join(folder, '.tazpod'), { recursive: true })
  }
})

test('finish before apply is refused, and so is finish when the store has another value by then', async () => {
  expect(failed(await finishSops(store, options())).message).toContain('was not migrated yet')
  value(await applySops(store, options()))
  store.values.set('C', Buffer.from('changed by somebody'))
  expect(failed(await finishSops(store, options())).message).toContain(
    'C in the store is not what infra/two.enc.yaml holds',
  )
  expect(there('two')).toBe(true)
})

test('a kill between two deletions: the next run deletes the rest, and a further one does nothing', async () => {
  value(await applySops(store, options()))
  value(await verifySops(store, options()))
  rmSync(join(folder, 'infra/one.enc.yaml')) // as if the process had died right after the first one
  const report = value(await finishSops(store, options()))
  expect(report.deleted).toEqual(['infra/three.enc.yaml', 'infra/two.enc.yaml', '.sops.yaml'])
  expect(report.rotate.map(({ name }) => name).sort()).toEqual(['A', 'B', 'C', 'D'])
  const writes = store.writes
  const again = value(await finishSops(store, options()))
  expect([again.deleted, again.changes, store.writes]).toEqual([[], [], writes])
  expect(value(await applySops(store, options())).values).toEqual([])
})

test('a file that changed after it was applied is kept and migrated again', async () => {
  value(await applySops(store, options()))
  const recipients = [await identityToRecipient(identity)]
  writeFileSync(join(folder, 'infra/two.enc.yaml'), await sopsYaml([{ c: 'new' }], { recipients }))
  expect(failed(await finishSops(store, options())).message).toContain('changed since it was migrated')
  expect(value(await applySops(store, options())).values.find(({ name }) => name === 'C')?.state).toBe(
    'updated',
  )
  value(await finishSops(store, options()))
  expect(store.values.get('C')?.toString()).toBe('new')
})

test("a value of somebody else's under one of the names is not replaced without being told", async () => {
  store.values.set('A', Buffer.from('theirs'))
  expect(failed(await applySops(store, options())).message).toContain('has another value under A')
  expect(store.values.get('A')?.toString()).toBe('theirs')
  value(await applySops(store, { ...options(), overwrite: true }))
  expect(store.values.get('A')?.toString()).toBe('1')
})
