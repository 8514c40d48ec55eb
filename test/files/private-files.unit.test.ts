import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { privateFolder, readPrivateFile, writePrivateFile } from '../../src/adapters/files/private-files.ts'
import { err, ok } from '../../src/core/result.ts'
import { needRoot } from '../support/tools.ts'
import { type DiskStep, errno, failed, steppedDisk, VaultFolder, value } from '../support/vault.ts'

const LIMIT = 1024

function fileIn(folder: VaultFolder, content = 'content', mode = 0o600): string {
  const path = join(folder.root, 'file')
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

describe('reading a private file', () => {
  test('gives its bytes, up to the limit', async () => {
    using folder = new VaultFolder()
    expect(value(await readPrivateFile(fileIn(folder, 'x'.repeat(LIMIT)), LIMIT))).toHaveLength(LIMIT)
    expect(value(await readPrivateFile(fileIn(folder, ''), LIMIT))).toHaveLength(0)
  })

  test.each([0o604, 0o640, 0o620, 0o602, 0o666, 0o644, 0o601])(
    'refuses mode %o, with the command that fixes it',
    async (mode) => {
      using folder = new VaultFolder()
      const path = fileIn(folder, 'content', mode)
      const result = await readPrivateFile(path, LIMIT)
      expect(failed(result)).toMatchObject({ reason: 'unsafe-file', exitCode: 77, next: `chmod 600 ${path}` })
      expect(failed(result).message).toContain(mode.toString(8))
    },
  )

  test('quotes the path in that command', async () => {
    using folder = new VaultFolder()
    const path = join(folder.root, "it's a file")
    writeFileSync(path, 'x', { mode: 0o644 })
    const { next } = failed(await readPrivateFile(path, LIMIT)) as unknown as { next: string }
    expect(spawnSync('sh', ['-c', next]).status).toBe(0)
    expect((await readPrivateFile(path, LIMIT)).ok).toBe(true)
  })

  test('refuses one that is too large before it reads it', async () => {
    using folder = new VaultFolder()
    const path = fileIn(folder)
    truncateSync(path, 2 ** 40) // sparse: 1 TiB that would not fit into memory
    expect(failed(await readPrivateFile(path, LIMIT))).toMatchObject({ reason: 'too-large' })
  })

  test('refuses a symbolic link, also one that leads to a good file', async () => {
    using folder = new VaultFolder()
    const link = join(folder.root, 'link')
    symlinkSync(fileIn(folder), link)
    expect(failed(await readPrivateFile(link, LIMIT)).message).toContain('it is a symbolic link')
  })

  test('refuses a folder', async () => {
    using folder = new VaultFolder()
    expect(failed(await readPrivateFile(folder.root, LIMIT)).message).toContain('it is a folder')
  })

  test('refuses a FIFO at once instead of waiting for a writer', async () => {
    using folder = new VaultFolder()
    const path = join(folder.root, 'fifo')
    expect(spawnSync('mkfifo', ['-m', '600', path]).status).toBe(0)
    expect(failed(await readPrivateFile(path, LIMIT)).message).toContain('no plain file')
  })

  test('refuses a socket and a device', async () => {
    using folder = new VaultFolder()
    const path = join(folder.root, 's')
    const server = createServer().listen(path)
    await new Promise((done) => server.once('listening', done))
    expect(failed(await readPrivateFile(path, LIMIT)).message).toContain('it is a socket')
    server.close()
    expect(failed(await readPrivateFile('/dev/null', LIMIT)).message).toContain('no plain file')
  })

  test.skipIf(!needRoot("a file of another user's"))(
    "refuses another user's file, even as root",
    async () => {
      using folder = new VaultFolder()
      const path = fileIn(folder)
      chownSync(path, 65_534, 65_534)
      expect(failed(await readPrivateFile(path, LIMIT)).message).toContain('it belongs to user 65534')
    },
  )

  test('says of a missing one that it is missing', async () => {
    using folder = new VaultFolder()
    expect(await readPrivateFile(join(folder.root, 'none'), LIMIT)).toMatchObject({
      error: { reason: 'io', code: 'ENOENT' },
    })
  })
})

const fine = async () => ok()

describe('writing a private file', () => {
  test('makes it 0600 whatever the umask, and leaves nothing else', async () => {
    using folder = new VaultFolder()
    const path = join(folder.root, 'new')
    const before = process.umask(0)
    value(await writePrivateFile(path, Buffer.from('bytes'), { check: fine }))
    process.umask(before)
    expect(readFileSync(path, 'utf8')).toBe('bytes')
    expect(lstatSync(path).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder.root)).toEqual(['new'])
  })

  test('shows the check what is on the disk, before the file has its name', async () => {
    using folder = new VaultFolder()
    const path = fileIn(folder, 'old')
    const check = async (back: Buffer) => {
      expect(back.toString()).toBe('new')
      expect(readFileSync(path, 'utf8')).toBe('old')
      return err({ reason: 'not-written', path, step: 'compare', code: 'EIO' } as const)
    }
    expect(failed(await writePrivateFile(path, Buffer.from('new'), { check })).reason).toBe('not-written')
    expect(readFileSync(path, 'utf8')).toBe('old')
    expect(readdirSync(folder.root)).toEqual(['file'])
  })

  test('exclusively never touches what is there, a broken link included', async () => {
    using folder = new VaultFolder()
    const path = fileIn(folder, 'old')
    const link = join(folder.root, 'link')
    symlinkSync('/nowhere', link)
    for (const there of [path, link]) {
      const result = await writePrivateFile(there, Buffer.from('new'), { check: fine, exclusive: true })
      expect(result).toMatchObject({ error: { reason: 'io', code: 'EEXIST' } })
    }
    expect(readFileSync(path, 'utf8')).toBe('old')
    expect(readdirSync(folder.root).sort()).toEqual(['file', 'link'])
  })

  test('goes on after short writes', async () => {
    using folder = new VaultFolder()
    const path = fileIn(folder, 'old')
    const disk = steppedDisk((_, step, args, call) =>
      step === 'write' ? call(args[0], (args[1] as Buffer).subarray(0, 3)) : call(...args),
    )
    value(await writePrivateFile(path, Buffer.from('0123456789'), { check: fine, disk }))
    expect(readFileSync(path, 'utf8')).toBe('0123456789')
  })

  const STEPS: DiskStep[] = ['createTemp', 'write', 'sync', 'close', 'read', 'rename']
  const CODES = ['ENOSPC', 'EIO', 'EDQUOT', 'EROFS']
  test.each(STEPS.flatMap((step) => CODES.map((code) => [step, code] as const)))(
    'that fails at %s with %s leaves the old content and no temporary file',
    async (failing, code) => {
      using folder = new VaultFolder()
      const path = fileIn(folder, 'old')
      const disk = steppedDisk(async (_, step, args, call) => {
        if (step !== failing) return call(...args)
        if (step === 'write') await call(args[0], (args[1] as Buffer).subarray(0, 2))
        if (step === 'close') await call(...args)
        throw errno(code)
      })
      const failure = failed(await writePrivateFile(path, Buffer.from('new'), { check: fine, disk }))
      expect(failure).toMatchObject({ reason: 'not-written', exitCode: 71 })
      expect(failure.message).toContain(`can't write ${path}`)
      expect(failure.message).toContain(code)
      expect(failure.message).toContain('what was there before is unchanged')
      expect(readFileSync(path, 'utf8')).toBe('old')
      expect(readdirSync(folder.root)).toEqual(['file'])
    },
  )

  test('that can not confirm the folder says so, with the new content in place', async () => {
    using folder = new VaultFolder()
    const path = fileIn(folder, 'old')
    const disk = steppedDisk(async (_, step, args, call) => {
      if (step === 'syncFolder') throw errno('EIO')
      return call(...args)
    })
    const failure = failed(await writePrivateFile(path, Buffer.from('new'), { check: fine, disk }))
    expect(failure).toMatchObject({ reason: 'io', message: expect.stringContaining('confirm on the disk') })
    expect(readFileSync(path, 'utf8')).toBe('new')
  })

  test('throws on for what is no system error: a bug stays a bug', async () => {
    using folder = new VaultFolder()
    const check = () => Promise.reject(new TypeError('bug'))
    await expect(writePrivateFile(join(folder.root, 'x'), Buffer.from('x'), { check })).rejects.toThrow('bug')
    expect(readdirSync(folder.root)).toEqual([])
  })
})

describe('a private folder', () => {
  test('is made 0700 with its parents', async () => {
    using folder = new VaultFolder()
    const path = join(folder.root, 'a/b')
    value(await privateFolder(path))
    expect(lstatSync(path).mode & 0o777).toBe(0o700)
  })

  test('that others may write into is refused, with the command that fixes it', async () => {
    using folder = new VaultFolder()
    const path = join(folder.root, 'open')
    mkdirSync(path)
    chmodSync(path, 0o770)
    expect(failed(await privateFolder(path))).toMatchObject({
      reason: 'unsafe-file',
      next: `chmod go-w ${path}`,
    })
    const link = join(folder.root, 'link')
    symlinkSync(path, link)
    expect(failed(await privateFolder(link)).reason).toBe('unsafe-file')
  })

  test('that is a file is an error with its name', async () => {
    using folder = new VaultFolder()
    const path = fileIn(folder)
    expect(failed(await privateFolder(path)).message).toContain(path)
    expect(existsSync(path)).toBe(true)
  })
})
