import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { userPaths } from '../../src/adapters/files/paths.ts'
import {
  encryptTo,
  encryptUnderPassphrase,
  generateIdentity,
  recipientOf,
} from '../../src/adapters/vault/age-files.ts'
import { listGenerations } from '../../src/adapters/vault/vault-files.ts'
import { createVault } from '../../src/app/vault/create.ts'
import { openVault, unlockIdentity, updateVault } from '../../src/app/vault/open.ts'
import { type VaultPlace, vaultPlace } from '../../src/app/vault/place.ts'
import { vaultId } from '../../src/app/vault/seal.ts'
import { emptyDocument, encodeDocument } from '../../src/core/vault/document.ts'
import {
  alone,
  failed,
  NOW,
  quickVault,
  secretTexts,
  setting,
  texts,
  VaultFolder,
  value,
} from '../support/vault.ts'

// Key derivations are slow on purpose, and slower on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

const PASSPHRASE = Buffer.from('correct horse battery\n')

describe('where things are', () => {
  test('follows the XDG variables, when they are absolute', () => {
    const env = { HOME: '/h', XDG_DATA_HOME: '/d', XDG_STATE_HOME: 'relative', XDG_CONFIG_HOME: '' }
    expect(userPaths(env)).toEqual({
      data: '/d/tazpod',
      state: '/h/.local/state/tazpod',
      config: '/h/.config/tazpod',
    })
  })

  test('keeps the vaults of two projects, and two in one folder, apart', () => {
    const paths = userPaths({ HOME: '/h' })
    expect(vaultPlace(paths)).toMatchObject({
      vault: '/h/.local/share/tazpod/vault.age',
      identity: '/h/.local/share/tazpod/identity.age',
    })
    const places = [
      vaultPlace(paths),
      vaultPlace(paths, '.tazpod/vault.age', '/p'),
      vaultPlace(paths, '.tazpod/b.age', '/p'),
    ]
    for (const part of ['vault', 'identity', 'generations', 'lock'] as const) {
      expect(new Set(places.map((place) => place[part])).size, part).toBe(3)
    }
  })
})

describe('a vault', () => {
  test('of a project does not follow a link out of it', async () => {
    using folder = new VaultFolder()
    const root = join(folder.root, 'project')
    mkdirSync(join(folder.root, 'outside'), { recursive: true })
    mkdirSync(root)
    const paths = { data: folder.root, state: join(folder.root, 'state'), config: folder.root }
    for (const target of ['../outside', '../nowhere', '/etc']) {
      rmSync(join(root, '.tazpod'), { recursive: true, force: true })
      symlinkSync(target, join(root, '.tazpod'))
      for (const path of ['.tazpod/vault.age', '.tazpod/deeper/vault.age']) {
        const place = vaultPlace(paths, path, root)
        const made = failed(await createVault(place, PASSPHRASE, {}, alone))
        expect(made).toMatchObject({ reason: 'unsafe-file' })
        expect(made.message).toContain('a symbolic link leads it out of the project')
        expect(failed(await unlockIdentity(place, PASSPHRASE)).reason).toBe('unsafe-file')
      }
    }
    expect(readdirSync(join(folder.root, 'outside'))).toEqual([])
    rmSync(join(root, '.tazpod'))
    const own = vaultPlace(paths, 'a/b/vault.age', root)
    expect(failed(await unlockIdentity(own, PASSPHRASE)).reason).toBe('vault-missing')
  })

  test('opens with its passphrase only, and is never made twice', async () => {
    using folder = new VaultFolder()
    const { place } = folder
    expect(value(await createVault(place, PASSPHRASE, {}, alone))).toEqual({})
    const identity = value(await unlockIdentity(place, Buffer.from('correct horse battery')))
    expect(texts(value(await openVault(place, identity)))).toEqual({})
    expect(failed(await unlockIdentity(place, Buffer.from('another one')))).toMatchObject({
      reason: 'wrong-passphrase',
      exitCode: 77,
    })
    const before = readFileSync(place.vault)
    expect(failed(await createVault(place, PASSPHRASE, {}, alone)).reason).toBe('vault-exists')
    expect(readFileSync(place.vault)).toEqual(before)
  })

  test('that an interrupted init left half made is completed with the same passphrase only', async () => {
    using folder = new VaultFolder()
    const { place } = folder
    value(await createVault(place, PASSPHRASE, {}, alone))
    const identity = value(await unlockIdentity(place, PASSPHRASE))
    rmSync(place.vault)
    expect(failed(await createVault(place, Buffer.from('another one'), {}, alone)).reason).toBe(
      'vault-leftover',
    )
    value(await createVault(place, PASSPHRASE, {}, alone))
    expect(texts(value(await openVault(place, identity)))).toEqual({})
  })

  test('that lost its file but not its generations is not replaced by a new one', async () => {
    using folder = new VaultFolder()
    await quickVault(folder.place, { A: '1' })
    rmSync(folder.place.vault)
    const failure = failed(await createVault(folder.place, PASSPHRASE, {}, alone))
    expect(failure).toMatchObject({ reason: 'vault-missing', next: 'tazpod vault history' })
  })

  test('that lost its identity says so', async () => {
    using folder = new VaultFolder()
    await quickVault(folder.place)
    const failure = failed(await unlockIdentity(folder.place, PASSPHRASE))
    expect(failure).toMatchObject({ reason: 'vault-keyless', next: 'tazpod vault passwd --recovery' })
  })

  test('keeps its last ten generations, each with the content of its time', async () => {
    using folder = new VaultFolder()
    const { place } = folder
    const identity = await quickVault(place, { N: '1' })
    for (let n = 2; n <= 13; n++) value(await updateVault(place, identity, setting({ N: String(n) }), alone))
    expect((await listGenerations(place)).map((g) => g.number)).toEqual([13, 12, 11, 10, 9, 8, 7, 6, 5, 4])
    expect(
      await secretTexts({ ...place, vault: join(place.generations, '4.age'), seen: folder.root }, identity),
    ).toEqual({ N: '4' })
  })

  test('is not written when nothing changes or when the change fails', async () => {
    using folder = new VaultFolder()
    const { place } = folder
    const identity = await quickVault(place, { A: '1' })
    const before = readFileSync(place.vault)
    value(await updateVault(place, identity, (doc) => ({ ok: true, value: doc }), alone))
    expect(failed(await updateVault(place, identity, setting({ 'no name': 'x' }), alone)).reason).toBe(
      'bad-secret-name',
    )
    expect(readFileSync(place.vault)).toEqual(before)
  })
})

describe('a bad vault file', () => {
  let folder: VaultFolder
  let place: VaultPlace
  let identity: Buffer
  let good: Buffer

  beforeAll(async () => {
    folder = new VaultFolder()
    place = folder.place
    identity = await quickVault(place, { A: 'x'.repeat(70_000) }) // two chunks of the age payload
    good = readFileSync(place.vault)
  })
  afterAll(() => folder[Symbol.dispose]())

  async function opened(bytes: Buffer) {
    rmSync(place.vault, { recursive: true, force: true })
    writeFileSync(place.vault, bytes, { mode: 0o600 })
    return openVault(place, identity)
  }

  test('that was cut off anywhere does not open', async () => {
    const header = good.indexOf('\n---') + 50
    const lengths = [
      0,
      1,
      10,
      21,
      22,
      40,
      header - 30,
      header,
      header + 8,
      header + 16,
      header + 17,
      header + 32,
    ]
    const chunk = header + 16 + 65_536 + 16
    for (const length of [...lengths, 20_000, chunk - 1, chunk, chunk + 1, good.length - 1]) {
      const failure = failed(await opened(good.subarray(0, length)))
      expect(['vault-damaged', 'vault-foreign'], String(length)).toContain(failure.reason)
      expect(failure.message).toContain(place.vault)
      expect(failure).toHaveProperty('next')
    }
    expect(failed(await opened(Buffer.alloc(0))).message).toContain('the file is empty')
  })

  test('with any flipped bit does not open', async () => {
    const header = good.indexOf('\n---') + 60
    const places = [...Array(header).keys(), header + 1000, 65_536, 65_700, good.length - 17, good.length - 1]
    for (const at of places) {
      const changed = Buffer.from(good)
      changed[at]! ^= 1 << (at % 8)
      const result = await opened(changed)
      expect(result.ok, `byte ${at}`).toBe(false)
      expect(['vault-damaged', 'vault-foreign']).toContain(failed(result).reason)
    }
  })

  test('with bytes added behind does not open', async () => {
    expect(failed(await opened(Buffer.concat([good, Buffer.from('x')]))).reason).toBe('vault-damaged')
  })

  test("of another vault is called that, also when it is encrypted to this one's public key", async () => {
    using other = new VaultFolder()
    const otherIdentity = await quickVault(other.place)
    const foreign = failed(await opened(readFileSync(other.place.vault)))
    expect(foreign).toMatchObject({
      reason: 'vault-foreign',
      message: expect.stringContaining('does not belong to'),
    })

    const forged = value(encodeDocument(emptyDocument(vaultId(otherIdentity), NOW, [])))
    const sealed = await encryptTo(forged, [await recipientOf(identity)])
    expect(failed(await opened(sealed)).reason).toBe('vault-foreign')
  })

  test('that is an age file of something else, or no age file, is damaged', async () => {
    const sealed = await encryptTo(Buffer.from('hello'), [await recipientOf(identity)])
    expect(failed(await opened(sealed)).message).toContain('its content is not a tazpod document')
    expect(failed(await opened(Buffer.from('PK\x03\x04'))).message).toContain('it is not an age file')
  })

  test('that is huge is not read', async () => {
    await opened(good)
    truncateSync(place.vault, 2 ** 40)
    expect(failed(await openVault(place, identity))).toMatchObject({ reason: 'too-large' })
  })

  test('that others can read is refused', async () => {
    await opened(good)
    chmodSync(place.vault, 0o644)
    expect(failed(await openVault(place, identity))).toMatchObject({
      reason: 'unsafe-file',
      next: `chmod 600 ${place.vault}`,
    })
  })

  test('that is a symbolic link, a folder or a FIFO is refused', async () => {
    await opened(good)
    renameSync(place.vault, `${place.vault}.real`)
    symlinkSync(`${place.vault}.real`, place.vault)
    expect(failed(await openVault(place, identity)).message).toContain('symbolic link')
    rmSync(place.vault)
    mkdirSync(place.vault)
    expect(failed(await openVault(place, identity)).message).toContain('it is a folder')
    rmSync(place.vault, { recursive: true })
    spawnSync('mkfifo', ['-m', '600', place.vault])
    expect(failed(await openVault(place, identity)).message).toContain('no plain file')
  })

  test('is never written over by a change', async () => {
    for (const bad of [Buffer.alloc(0), good.subarray(0, 100), Buffer.from('other')]) {
      await opened(bad)
      expect((await updateVault(place, identity, setting({ B: '2' }), alone)).ok).toBe(false)
      expect(readFileSync(place.vault)).toEqual(Buffer.from(bad))
    }
  })

  test('whole again, opens', async () => {
    expect((await opened(good)).ok).toBe(true)
  })
})

describe('an older vault in its place', () => {
  test('is refused on the machine that has seen a newer one, and taken on another', async () => {
    using folder = new VaultFolder()
    const { place } = folder
    const identity = await quickVault(place, { A: 'old' })
    const old = readFileSync(place.vault)
    value(await updateVault(place, identity, setting({ A: 'new' }), alone))
    writeFileSync(place.vault, old)
    const failure = failed(await openVault(place, identity))
    expect(failure).toMatchObject({ reason: 'vault-older', exitCode: 77 })
    expect(failure.message).toContain('is generation 1, but this machine has seen generation 2')
    expect((await updateVault(place, identity, setting({ A: 'x' }), alone)).ok).toBe(false)
    expect(readFileSync(place.vault)).toEqual(old)
    expect((await openVault({ ...place, seen: join(folder.root, 'other machine') }, identity)).ok).toBe(true)
  })

  test('is refused too when the newer one was only read here', async () => {
    using folder = new VaultFolder()
    const { place } = folder
    const identity = await quickVault(place)
    const old = readFileSync(place.vault)
    const elsewhere = { ...place, seen: join(folder.root, 'other machine') }
    value(await updateVault(elsewhere, identity, setting({ A: '1' }), alone))
    expect((await openVault(place, identity)).ok).toBe(true)
    writeFileSync(place.vault, old)
    expect(failed(await openVault(place, identity)).reason).toBe('vault-older')
  })
})

describe('a bad identity file', () => {
  let folder: VaultFolder
  let good: Buffer

  beforeAll(async () => {
    folder = new VaultFolder()
    value(await createVault(folder.place, PASSPHRASE, {}, alone))
    good = readFileSync(folder.place.identity)
  })
  afterAll(() => folder[Symbol.dispose]())

  async function unlocked(bytes: Buffer) {
    writeFileSync(folder.place.identity, bytes, { mode: 0o600 })
    return unlockIdentity(folder.place, PASSPHRASE)
  }

  test('that was cut off or changed is damaged, not a wrong passphrase', async () => {
    for (const length of [0, 10, 60, 150, good.length - 1]) {
      expect(failed(await unlocked(good.subarray(0, length))).reason, String(length)).toBe('vault-damaged')
    }
    const changed = Buffer.from(good)
    changed[good.length - 3]! ^= 4
    expect(failed(await unlocked(changed)).reason).toBe('vault-damaged')
  })

  test('that holds no identity is damaged', async () => {
    const noIdentity = await encryptUnderPassphrase(
      Buffer.from('hello'),
      Buffer.from('correct horse battery'),
    )
    expect(failed(await unlocked(noIdentity)).message).toContain('it holds no X25519 identity')
  })

  test('for a public key instead of a passphrase does not open', async () => {
    const sealed = await encryptTo(Buffer.from('x'), [await recipientOf(await generateIdentity())])
    expect((await unlocked(sealed)).ok).toBe(false)
  })

  test('is refused like the vault when others can read it, and when it is huge', async () => {
    value(await unlocked(good))
    chmodSync(folder.place.identity, 0o640)
    expect(failed(await unlockIdentity(folder.place, PASSPHRASE)).reason).toBe('unsafe-file')
    chmodSync(folder.place.identity, 0o600)
    appendFileSync(folder.place.identity, Buffer.alloc(70_000))
    expect(failed(await unlockIdentity(folder.place, PASSPHRASE)).reason).toBe('too-large')
  })

  test.each([
    ['1 MiB', Buffer.alloc(1_048_576, 'x'), 'at most 1024'],
    ['not UTF-8', Buffer.from([0xff, 0xfe]), 'not valid UTF-8'],
    ['empty', Buffer.from('\n'), 'it is empty'],
  ])('or a passphrase that is %s: clear words, and no half second of work', async (_, passphrase, why) => {
    const failure = failed(await unlockIdentity(folder.place, passphrase))
    expect(failure).toMatchObject({ reason: 'bad-passphrase', message: expect.stringContaining(why) })
  })
})

test('a copy of the folder is a whole backup', async () => {
  using folder = new VaultFolder()
  using copy = new VaultFolder()
  const identity = await quickVault(folder.place, { A: '1' })
  cpSync(join(folder.root, 'data'), join(copy.root, 'data'), { recursive: true })
  expect(await secretTexts(copy.place, identity)).toEqual({ A: '1' })
  expect(existsSync(copy.place.generations)).toBe(true)
  expect(readdirSync(copy.place.generations)).toEqual(['1.age'])
})
