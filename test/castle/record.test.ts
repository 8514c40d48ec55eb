/** The record of a castle: two of one name are two, and an older record is not believed. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BLUE, castle, newCastle, PREFIX } from '../support/castle/castle.ts'
import { makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'

const NAME = `${PREFIX}TALOS_SECRETBOX_KEY`
const read = (folder: string) => JSON.parse(readFileSync(join(folder, 'castle.json'), 'utf8'))

test('two castles of one name in two folders share nothing in the store', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch)
  const keys: string[] = []
  for (const parent of ['one', 'two']) {
    const cwd = join(scratch.project, parent)
    mkdirSync(cwd)
    scratch.own(cwd)
    await must(scratch, ['castle', 'new', 'blue', ...BLUE], { cwd })
    const blue = join(cwd, 'blue')
    const { id, secrets } = read(blue)
    expect(secrets.secretbox).toBe(`BLUE_${id.slice(0, 8).toUpperCase()}_TALOS_SECRETBOX_KEY`)
    expect(readFileSync(join(blue, 'tazpod.yaml'), 'utf8')).toContain(secrets.secretbox)
    expect(readFileSync(join(blue, 'README.md'), 'utf8')).toContain(secrets.proxmoxToken)
    const made = await castle(scratch, blue, ['secretbox', 'new', '--json'])
    expect(JSON.parse(made.stdout)).toMatchObject({ secret: secrets.secretbox, outcome: 'created' })
    const show = ['vault', 'get', '--reveal', secrets.secretbox]
    keys.push(await must(scratch, show, { cwd: blue, passphrase: PASSPHRASE }))
  }
  expect(keys[0]).not.toBe(keys[1])
})

test('an older record, from git or a backup, is refused; the store has the last one', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch)
  const blue = await newCastle(scratch, 'blue')
  const path = join(blue, 'castle.json')
  const key = Buffer.alloc(32, 9).toString('base64')
  expect((await castle(scratch, blue, ['secretbox', 'new'])).status).toBe(0)
  const older = readFileSync(path)
  await must(scratch, ['vault', 'rm', NAME], { cwd: blue, passphrase: PASSPHRASE })
  const config = `cluster: { secretboxEncryptionSecret: ${key} }\n`
  expect((await castle(scratch, blue, ['secretbox', 'adopt'], { stdin: config })).status).toBe(0)
  const last = readFileSync(path)
  expect(read(blue)).toMatchObject({ life: 'live', changes: 2 })

  writeFileSync(path, older)
  const refused = await castle(scratch, blue, ['secretbox', 'new'])
  expect(refused).toMatchObject({ status: 65, stdout: '' })
  expect(refused.stderr).toContain('it is an older one (change 1: planned; the vault has change 2: live)')
  expect(refused.stderr).toContain('tazpod castle restore record')
  expect((await castle(scratch, blue, ['secretbox', 'check'])).status).toBe(65)
  const restored = await castle(scratch, blue, ['restore', 'record'])
  expect(restored).toMatchObject({ status: 0, stderr: '' })
  expect(restored.stdout).toMatch(/^castle blue: change 2, live since /)
  expect(readFileSync(path)).toEqual(last)
  expect((await castle(scratch, blue, ['secretbox', 'check'])).status).toBe(0)

  writeFileSync(path, JSON.stringify({ ...read(blue), life: 'destroyed' }))
  expect((await castle(scratch, blue, ['restore', 'record'])).status).toBe(0)
  expect(readFileSync(path)).toEqual(last)
})

test('recorded as destroyed with machines in its state: no other key', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch)
  const blue = await newCastle(scratch, 'blue')
  expect((await castle(scratch, blue, ['secretbox', 'new'])).status).toBe(0)
  const { sealedDead } = await import('../support/castle/record.ts')
  await sealedDead(scratch, blue)
  const state = join(blue, 'terraform.tfstate')
  writeFileSync(state, '{"version": 4, "serial": 3, "resources": [{"mode": "managed"}]}', { mode: 0o600 })
  scratch.own(state)
  const refused = await castle(scratch, blue, ['secretbox', 'new'])
  expect(refused).toMatchObject({ status: 77, stdout: '' })
  expect(refused.stderr).toContain('is recorded as destroyed, but its state has machines')
  expect(refused.stderr).toContain('next: tazpod castle destroy')
  writeFileSync(state, '{"version": 4, "serial": 4, "resources": []}', { mode: 0o600 })
  expect((await castle(scratch, blue, ['secretbox', 'new'])).stdout).toContain('replaced')
})

test('a record of before 0.2 keeps its names, and gets an id with its next change', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch)
  const blue = await newCastle(scratch, 'blue')
  const path = join(blue, 'castle.json')
  const { id: _, changes: _c, lineage: _l, ...old } = read(blue)
  const secrets = Object.fromEntries(
    Object.entries(old.secrets as Record<string, string>).map(([what, name]) => [
      what,
      name.replace(PREFIX, 'BLUE_'),
    ]),
  )
  writeFileSync(path, JSON.stringify({ ...old, version: 1, secrets }))
  expect((await castle(scratch, blue, ['secretbox', 'new'])).status).toBe(0)
  expect(read(blue)).toMatchObject({ version: 2, changes: 1, secrets })
  expect(read(blue).id).toMatch(/^[0-9a-f-]{36}$/)
  expect((await castle(scratch, blue, ['secretbox', 'check'])).status).toBe(0)
})
