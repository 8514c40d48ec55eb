/** Without memfd_secret the secrets are in locked memory, and status says so. */
import { spawnSync } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { filled, frameOf, holderPid, native, nativeBinary, sh } from '../support/holder.ts'
import { Scratch } from '../support/scratch.ts'
import { sharedFolder } from '../support/shared-folder.ts'
import { run } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'
import { isRoot } from '../support/users.ts'

const MIB = 1024 * 1024
const wrapper = join(sharedFolder(), 'without-memfd-secret')

describe.skipIf(!need('cc', 'the memory of kernels without memfd_secret'))('without memfd_secret', () => {
  beforeAll(() => {
    const source = fileURLToPath(new URL('../support/attack/without-memfd-secret.c', import.meta.url))
    const cc = spawnSync('cc', ['-O1', '-Wall', '-o', wrapper, source], { encoding: 'utf8' })
    if (cc.status !== 0) throw new Error(cc.stderr)
    chmodSync(wrapper, 0o755)
  })

  const put = (scratch: Scratch, secrets: Record<string, string>, before: string[] = []) =>
    run(scratch, [...before, wrapper, nativeBinary(), 'ghost', 'put'], { stdin: frameOf({ secrets }) })

  test('everything works, in memory that is locked and left out of core dumps', async () => {
    await using scratch = new Scratch()
    expect(await put(scratch, { A: 'a', B: 'b'.repeat(MIB) })).toMatchObject({ status: 0, stderr: '' })
    expect((await sh(scratch, 'cat "$A_FILE"; wc -c <"$B_FILE"')).stdout).toBe(`a${MIB}\n`)
    const status = JSON.parse((await native(scratch, ['status', '--json'])).stdout) as object
    expect(status).toMatchObject({ isolation: { memory: 'mlock' } })
    // a set is replaced, and replaced again: what is given back can be locked again
    for (let i = 0; i < 12; i++) await filled(scratch, { secrets: { A: `${i}`, B: 'b'.repeat(MIB) } })
    expect((await sh(scratch, 'cat "$A_FILE"')).stdout).toBe('11')
    if (isRoot()) {
      const maps = readFileSync(`/proc/${holderPid(scratch)}/smaps`, 'utf8').split(
        /\n(?=[0-9a-f]+-[0-9a-f]+ )/,
      )
      const arena = maps.filter(
        (map) => Number(/^Size: +(\d+)/m.exec(map)?.[1]) >= 1024 && /^VmFlags:.* lo /m.test(map),
      )
      expect(arena).toHaveLength(1)
      expect(arena[0]).toMatch(/^VmFlags:.* dd /m)
      expect(Number(/^Locked: +(\d+)/m.exec(arena[0] ?? '')?.[1])).toBeGreaterThan(0)
    }
    expect((await native(scratch, ['lock'])).stdout).toContain('locked; 2 secrets wiped')
  })

  test.skipIf(!need('prlimit', 'too little lockable memory'))(
    'too little to lock: 71, the old set stays',
    async () => {
      await using scratch = new Scratch()
      const little = ['prlimit', '--memlock=524288:524288']
      expect(await put(scratch, { A: 'small' }, little)).toMatchObject({ status: 0 })
      const large = await native(scratch, ['ghost', 'put'], {
        stdin: frameOf({ secrets: { A: 'x'.repeat(MIB) } }),
      })
      expect(large.status).toBe(71)
      expect(large.stderr).toContain('RLIMIT_MEMLOCK is 512 KiB')
      expect((await sh(scratch, 'cat "$A_FILE"')).stdout).toBe('small')
    },
  )

  test('the control: with it, status says so', async () => {
    await using scratch = new Scratch()
    await filled(scratch, { secrets: { A: 'a' } })
    const status = JSON.parse((await native(scratch, ['status', '--json'])).stdout) as object
    expect(status).toMatchObject({ isolation: { memory: 'memfd_secret' } })
  })
})
