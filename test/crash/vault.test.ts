import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { vaultTools } from '../../src/adapters/vault/vault-files.ts'
import { createVault } from '../../src/app/vault/create.ts'
import { openVault, unlockIdentity, updateVault } from '../../src/app/vault/open.ts'
import { CHECKOUT } from '../support/installed.ts'
import { need } from '../support/tools.ts'
import {
  alone,
  type DiskStep,
  errno,
  failed,
  quickVault,
  secretTexts,
  setting,
  steppedDisk,
  texts,
  VaultFolder,
  value,
} from '../support/vault.ts'

const WRITER = join(CHECKOUT, 'test/support/vault/writer.ts')
const CODES = ['ENOSPC', 'EIO']

async function vaultWith(folder: VaultFolder, n: string): Promise<Buffer> {
  const identity = await quickVault(folder.place, { N: n })
  writeFileSync(join(folder.root, 'identity.txt'), identity, { mode: 0o600 })
  return identity
}

// One file instead of forty: hundreds of short-lived writers start four times as fast.
const bundled = new VaultFolder()
const QUICK_WRITER = join(bundled.root, 'writer.mjs')
beforeAll(() =>
  build({
    entryPoints: [WRITER],
    outfile: QUICK_WRITER,
    bundle: true,
    format: 'esm',
    platform: 'node',
    external: ['@napi-rs/keyring'],
    banner: {
      js: "import {createRequire} from 'node:module'; const require = createRequire(import.meta.url);",
    },
  }),
)
afterAll(() => bundled[Symbol.dispose]())

function writer(folder: VaultFolder, ...args: string[]): ChildProcess {
  const file = args[0] === 'add' ? WRITER : QUICK_WRITER // the real lock is found from the checkout
  return spawn(process.execPath, [file, folder.root, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** The names of the disk calls of one change, in order. */
async function stepsOfOneChange(): Promise<DiskStep[]> {
  using folder = new VaultFolder()
  const identity = await vaultWith(folder, '1')
  const steps: DiskStep[] = []
  const disk = steppedDisk((_, step, args, call) => {
    steps.push(step)
    return call(...args)
  })
  value(await updateVault(folder.place, identity, setting({ N: '2' }), { ...alone, disk }))
  return steps
}

const STEPS = await stepsOfOneChange()
const all = STEPS.map((step, n) => [n, step] as const)
const commit = STEPS.indexOf('rename') // the first: of vault.age itself

test('a change makes the calls that these tests interrupt', () => {
  expect(STEPS.slice(0, 8)).toEqual([
    'createTemp',
    'write',
    'sync',
    'close',
    'read',
    'rename',
    'unlink',
    'syncFolder',
  ])
  expect(STEPS.length).toBe(24) // vault.age, its copy, the number last seen
})

describe('the vault survives', () => {
  test.each(all)('a disk that fails at call %i (%s)', async (at, step) => {
    for (const code of CODES) {
      using folder = new VaultFolder()
      const identity = await vaultWith(folder, '1')
      const disk = steppedDisk(async (n, _, args, call) => {
        if (n !== at) return call(...args)
        if (step === 'write') await call(args[0], (args[1] as Buffer).subarray(0, 100))
        if (step === 'close') await call(...args)
        throw errno(code)
      })
      const result = await updateVault(folder.place, identity, setting({ N: '2' }), { ...alone, disk })
      const now = await secretTexts(folder.place, identity)
      if (at <= commit) {
        expect(failed(result)).toMatchObject({ reason: 'not-written', exitCode: 71 })
        expect(now).toEqual({ N: '1' })
      } else {
        expect(now).toEqual({ N: '2' })
        if (at > STEPS.indexOf('syncFolder')) expect(result.ok).toBe(true)
      }
      expect(value(await updateVault(folder.place, identity, setting({ N: '3' }), alone)).generation).toBe(
        at <= commit ? 2 : 3,
      )
      expect(temporaries(folder)).toEqual([])
    }
  })

  test.each(all)('SIGKILL at call %i (%s)', async (at, step) => {
    for (const phase of step === 'write' ? ['half', 'after'] : ['before', 'after']) {
      using folder = new VaultFolder()
      const identity = await vaultWith(folder, '1')
      const [, signal] = await once(writer(folder, 'kill', String(at), phase), 'exit')
      expect(signal).toBe('SIGKILL')
      const done = at > commit || (at === commit && phase === 'after')
      expect(await secretTexts(folder.place, identity)).toEqual({ N: done ? '2' : '1' })
      value(await updateVault(folder.place, identity, setting({ N: '3' }), alone))
      expect(await secretTexts(folder.place, identity)).toEqual({ N: '3' })
      expect(temporaries(folder)).toEqual([])
    }
  })

  test.concurrent.each([1, 2])(
    'SIGKILL at 100 random moments of a process that never stops writing (%i)',
    { timeout: 300_000 },
    async () => {
      using folder = new VaultFolder()
      const identity = await vaultWith(folder, '1')
      let last = 1
      // On a busy machine a writer gets further in few of them.
      for (let round = 0; round < 100 || last <= 20; round++) {
        const child = writer(folder, 'loop')
        await once(child.stdout!, 'data')
        await sleep(Math.random() * 100)
        child.kill('SIGKILL')
        await once(child, 'exit')
        const doc = value(await openVault(folder.place, identity))
        expect(texts(doc).N).toBe(String(doc.generation)) // content and generation are of one write
        expect(doc.generation).toBeGreaterThanOrEqual(last)
        last = doc.generation
      }
      expect(temporaries(folder).length).toBeLessThanOrEqual(3) // of the last round only: each writer clears up
    },
  )

  test('two writers at once: nothing of either is lost', async () => {
    using folder = new VaultFolder()
    const identity = await vaultWith(folder, '1')
    const ends = await Promise.all(['A', 'B'].map((tag) => once(writer(folder, 'add', tag, '8'), 'exit')))
    expect(ends.map(([code]) => code)).toEqual([0, 0])
    const doc = value(await openVault(folder.place, identity))
    expect(doc.secrets.size).toBe(17)
    expect(doc.generation).toBe(17)
  })

  test('a writer that holds on: the other says so and changes nothing', async () => {
    using folder = new VaultFolder()
    const identity = await vaultWith(folder, '1')
    const held = value(await vaultTools.lock(folder.place.lock))
    const tools = { ...vaultTools, patience: 100 }
    const failure = failed(await updateVault(folder.place, identity, setting({ N: '2' }), tools))
    await held.release()
    expect(failure).toMatchObject({ reason: 'vault-busy', exitCode: 75 })
    expect(await secretTexts(folder.place, identity)).toEqual({ N: '1' })
    expect((await updateVault(folder.place, identity, setting({ N: '2' }), vaultTools)).ok).toBe(true)
  })

  test('an init that fails at any call: the next one completes it, and no half vault opens', {
    timeout: 300_000,
  }, async () => {
    const passphrase = Buffer.from('correct horse battery')
    for (const at of [0, 2, 5, 7, 8, 13, 15]) {
      using folder = new VaultFolder()
      const disk = steppedDisk(async (n, _, args, call) => {
        if (n === at) throw errno('ENOSPC')
        return call(...args)
      })
      const made = await createVault(folder.place, passphrase, {}, { ...alone, disk })
      if (!made.ok) {
        const again = await createVault(folder.place, passphrase, {}, alone)
        expect(again.ok || again.error.reason === 'vault-exists', `call ${at}`).toBe(true)
      }
      const identity = value(await unlockIdentity(folder.place, passphrase))
      expect(await secretTexts(folder.place, identity), `call ${at}`).toEqual({})
    }
  })
})

const namespaces = spawnSync('unshare', ['-Urm', 'true']).status === 0
test.skipIf(!need('unshare', 'the vault on a really full disk') || !namespaces)(
  'a really full disk: every amount of free space leaves the old or the new content',
  async () => {
    using folder = new VaultFolder()
    const identity = await vaultWith(folder, '1')
    const script = `set -e
      mount -t tmpfs -o size=512k,mode=700 none "$1/mnt"
      cp -a "$1/data" "$1/state" "$1/identity.txt" "$1/mnt/"
      for free in 0 4 8 12 16 40 80 100 120 160 200 280; do
        dd if=/dev/zero of="$1/mnt/fill" bs=1k 2>/dev/null || true
        truncate -s -"$free"k "$1/mnt/fill"
        "$2" "$3" "$1/mnt" grow 60000
        cat "$1/mnt/data/vault.age" >"$1/left.$free"
        rm "$1/mnt/fill"
        rm -rf "$1/mnt/data" "$1/mnt/state"; cp -a "$1/data" "$1/state" "$1/mnt/"
      done`
    spawnSync('mkdir', [join(folder.root, 'mnt')])
    const argv = ['-Urm', 'sh', '-c', script, 'sh', folder.root, process.execPath, WRITER]
    const run = spawnSync('unshare', argv, { encoding: 'utf8' })
    expect(run.stderr).toBe('')
    const said = run.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(said).toHaveLength(12)
    const full = said.filter((one) => !one.ok)
    expect(full.length).toBeGreaterThan(2)
    expect(full.length).toBeLessThan(12)
    for (const one of full) expect(one.message).toMatch(/the disk is full \(ENOSPC\)|ENOSPC/)
    const frees = [0, 4, 8, 12, 16, 40, 80, 100, 120, 160, 200, 280]
    for (const [i, free] of frees.entries()) {
      writeFileSync(folder.place.vault, readFileSync(join(folder.root, `left.${free}`)))
      const names = Object.keys(
        await secretTexts({ ...folder.place, seen: join(folder.root, 'none') }, identity),
      )
      expect(names, `${free} KiB free`).toEqual(said[i].ok ? ['N', 'BIG'] : ['N'])
    }
  },
)

function temporaries(folder: VaultFolder): string[] {
  const folders = [dirname(folder.place.vault), folder.place.generations]
  return folders.flatMap((path) => readdirSync(path).filter((name) => name.endsWith('.tmp')))
}
