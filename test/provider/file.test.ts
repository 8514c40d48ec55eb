/** `provider: file`: an encrypted file of the project as the source, made with the real `age` or as SOPS makes one. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { canary, scan } from '../support/canary.ts'
import { sopsYaml } from '../support/castle/sops-writer.ts'
import { makeProject, makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { type Run, run, tazpod } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'

const AGE = need('age-keygen', 'provider file') && need('age', 'provider file')

interface Key {
  secret: string
  recipient: string
}

async function newKey(scratch: Scratch): Promise<Key> {
  const { stdout } = await run(scratch, ['age-keygen'])
  return { secret: stdout, recipient: /age1\w+/.exec(stdout)?.[0] ?? '' }
}

const pull = (scratch: Scratch): Promise<Run> => tazpod(scratch, ['pull'], { passphrase: PASSPHRASE })
const read = (scratch: Scratch, name: string): Promise<string> =>
  must(scratch, ['exec', '--', 'sh', '-c', `cat "$TAZPOD_GHOST/${name}/${name}"`])

const project = (scratch: Scratch, file: string, ...names: string[]): Promise<void> =>
  makeProject(
    scratch,
    [
      'version: 1',
      'provider: file',
      `file: ${file}`,
      'secrets:',
      ...names.map((n) => `  - { name: ${n} }`),
      '',
    ].join('\n'),
  )

async function ageFile(scratch: Scratch, name: string, recipient: string, content: string): Promise<void> {
  const path = join(scratch.project, name)
  const done = await run(scratch, ['age', '-r', recipient, '-o', path], { stdin: content })
  expect(done.status, done.stderr).toBe(0)
}

describe.skipIf(!AGE)('a SOPS file', () => {
  test('opens with the key that the vault keeps as SOPS_AGE_KEY; names are those of migrate sops', async () => {
    await using scratch = new Scratch()
    const key = await newKey(scratch)
    const token = canary('token')
    await makeVault(scratch, { SOPS_AGE_KEY: key.secret })
    const text = await sopsYaml([{ proxmox: { token }, host_unencrypted: 'pve', unused: 'x' }], {
      recipients: [key.recipient],
    })
    scratch.file('project/secrets.enc.yaml', text, 0o644)
    await project(scratch, 'secrets.enc.yaml', 'PROXMOX_TOKEN')
    expect(await pull(scratch)).toMatchObject({ status: 0 })
    expect(await read(scratch, 'PROXMOX_TOKEN')).toBe(token)
    expect(scan([scratch.root], [token])).toEqual([])
    // The holder has what tazpod.yaml names; of the rest, it knows the names.
    const unused = await tazpod(scratch, ['ghost', 'get', 'UNUSED'])
    expect(unused.status).not.toBe(0)
    expect(unused.stdout).toBe('')
    const list = JSON.parse(await must(scratch, ['secrets', '--json']))
    expect(list.secrets.map(({ name, source }: Record<string, string>) => [name, source])).toEqual([
      ['PROXMOX_TOKEN', 'file'],
      ['UNUSED', 'file'],
    ])
  })

  test('opens with a key file outside of the project, and refuses one that others may read', async () => {
    await using scratch = new Scratch()
    const key = await newKey(scratch)
    await makeVault(scratch)
    const keys = scratch.file('keys.txt', key.secret)
    scratch.file('project/s.yaml', await sopsYaml([{ A: 'value-a' }], { recipients: [key.recipient] }), 0o644)
    await project(scratch, '{ path: s.yaml, identity: ~/keys.txt }', 'A')
    expect(await pull(scratch)).toMatchObject({ status: 0 })
    expect(await read(scratch, 'A')).toBe('value-a')
    await must(scratch, ['lock'])
    await run(scratch, ['chmod', '644', keys])
    const open = await pull(scratch)
    expect(open.status).toBe(77)
    expect(open.stderr).toContain(keys)
  })

  test('a changed value is refused whole, and no key is a sentence that names the recipient', async () => {
    await using scratch = new Scratch()
    const key = await newKey(scratch)
    await makeVault(scratch, { SOPS_AGE_KEY: key.secret })
    const text = await sopsYaml([{ A: 'one', B: 'two' }], { recipients: [key.recipient] })
    scratch.file('project/s.yaml', text.replace(/^B: .*$/m, 'B: three'), 0o644)
    await project(scratch, 's.yaml', 'A')
    const changed = await pull(scratch)
    expect(changed.status).toBe(65)
    expect(changed.stderr).toMatch(/s\.yaml has a value that does not decrypt, at B/)
    const other = await newKey(scratch)
    scratch.file('project/s.yaml', await sopsYaml([{ A: 'one' }], { recipients: [other.recipient] }), 0o644)
    const foreign = await pull(scratch)
    expect(foreign.status).toBe(65)
    expect(foreign.stderr).toContain(`it is for the age key of ${other.recipient.slice(0, 16)}`)
    expect((await tazpod(scratch, ['status', '--json'])).stdout).toContain('"locked"')
  })
})

describe.skipIf(!AGE)('an age file', () => {
  test('of a dotenv opens by its own key in the vault; a whole file is one secret', async () => {
    await using scratch = new Scratch()
    const key = await newKey(scratch)
    await makeVault(scratch, { LAB_KEY: key.secret })
    await ageFile(scratch, 'lab.env.age', key.recipient, 'DB=hunter-4\nAPI="two words"\n')
    await project(scratch, '{ path: lab.env.age, identity: LAB_KEY }', 'DB', 'API')
    expect(await pull(scratch)).toMatchObject({ status: 0 })
    expect(await read(scratch, 'DB')).toBe('hunter-4')
    expect(await read(scratch, 'API')).toBe('two words')
    await ageFile(scratch, 'kube.config.age', key.recipient, 'apiVersion: v1\n')
    await project(scratch, '{ path: kube.config.age, identity: LAB_KEY }', 'KUBE_CONFIG')
    expect(await pull(scratch)).toMatchObject({ status: 0 })
    expect(await read(scratch, 'KUBE_CONFIG')).toBe('apiVersion: v1\n')
  })

  test("opens with the vault's own identity, whose recipient the refusal names", async () => {
    await using scratch = new Scratch()
    await makeVault(scratch)
    const key = await newKey(scratch)
    await ageFile(scratch, 'x.json.age', key.recipient, '{"A":"a"}')
    await project(scratch, 'x.json.age', 'A')
    const none = await pull(scratch)
    expect(none.status).toBe(65)
    expect(none.stderr).toContain("x.json.age can't be opened: it is encrypted to none of the keys here")
    const own = /next: age -r (age1\w+) -o x\.json\.age FILE/.exec(none.stderr)?.[1] ?? ''
    await run(scratch, ['rm', join(scratch.project, 'x.json.age')])
    await ageFile(scratch, 'x.json.age', own, '{"A":"a"}')
    expect(await pull(scratch)).toMatchObject({ status: 0 })
    expect(await read(scratch, 'A')).toBe('a')
  })

  test('damage, a missing file and a key that is none are sentences', async () => {
    await using scratch = new Scratch()
    await makeVault(scratch, { NO_KEY: 'no key at all' })
    writeFileSync(join(scratch.project, 'x.json.age'), 'not age')
    await project(scratch, 'x.json.age', 'A')
    expect((await pull(scratch)).stderr).toMatch(/x\.json\.age is damaged: it is not an age file/)
    await project(scratch, '{ path: x.json.age, identity: NO_KEY }', 'A')
    expect((await pull(scratch)).stderr).toMatch(
      /NO_KEY is no age identity[\s\S]*next: tazpod vault set NO_KEY/,
    )
    await project(scratch, '{ path: x.json.age, identity: GONE }', 'A')
    expect((await pull(scratch)).stderr).toMatch(/GONE is not in the vault/)
    await project(scratch, 'gone.yaml', 'A')
    const gone = await pull(scratch)
    expect(gone.status).toBe(65)
    expect(gone.stderr).toMatch(/gone\.yaml/)
  })
})

test('what writes into a provider refuses this one, and nothing is asked', async () => {
  await using scratch = new Scratch()
  await makeVault(scratch)
  scratch.file('project/a.yaml', 'A: a\n', 0o644)
  await project(scratch, 'a.yaml', 'A')
  const done = await tazpod(scratch, ['migrate', 'sops', '--plan'], { passphrase: PASSPHRASE })
  expect(done.status).toBe(77)
  expect(done.stderr).toContain('the provider of this project is file, and tazpod writes nothing into it')
})

test('a project with provider: file and no file:, or a path outside of it, is refused', async () => {
  await using scratch = new Scratch()
  await makeProject(scratch, 'version: 1\nprovider: file\n', false)
  expect((await tazpod(scratch, ['trust', '--yes'])).stderr).toMatch(/provider file needs to know which file/)
  await makeProject(scratch, 'version: 1\nprovider: file\nfile: ../other.yaml\n', false)
  expect((await tazpod(scratch, ['trust', '--yes'])).status).toBe(65)
  await makeProject(scratch, 'version: 1\nprovider: file\nfile: { path: a.yaml, identity: ./key }\n', false)
  expect((await tazpod(scratch, ['trust', '--yes'])).stderr).toMatch(
    /neither the name of a secret in the vault nor/,
  )
})
