/** Promise 9: what the documents claim is what `tazpod doctor --attack` finds on this machine. */
import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { tryMemory, tryPath, trySecretMemory } from '../../src/adapters/holder/probes.ts'
import type { AttackReport } from '../../src/app/doctor/attack.ts'
import { judge } from '../../src/core/session/attack.ts'
import { Scratch } from '../support/scratch.ts'
import { tazpod } from '../support/tazpod.ts'
import { needRoot } from '../support/tools.ts'

const asRoot = needRoot('that root can not read the secrets in the memory of the holder')

async function report(as: { uid?: number }): Promise<AttackReport> {
  await using scratch = new Scratch()
  const done = await tazpod(scratch, ['doctor', '--attack', '--json'], as)
  expect(done).toMatchObject({ status: 0, stderr: '' })
  expect(readdirSync(scratch.tmp)).toEqual([]) // the decoy's folder is gone
  return JSON.parse(done.stdout) as AttackReport
}

describe('doctor --attack', () => {
  test('finds what SECURITY.md says of rootless mode: a command and exec are open, all else is refused', async () => {
    const { mode, results } = await report({})
    expect(mode).toBe('rootless')
    const open = results.filter(({ seen }) => seen === 'read')
    expect(open).toMatchObject([
      { probe: 'exec', attacker: 'same-user', state: 'idle' },
      { probe: 'granted file', attacker: 'same-user', state: 'running' },
    ])
    expect(results.filter(({ ok }) => !ok)).toEqual([])
    expect(results.length).toBeGreaterThanOrEqual(20)
    expect(readFileSync('SECURITY.md', 'utf8')).toMatch(/rootless/i)
  })

  test.skipIf(!asRoot)(
    'as root: another user is refused everything, and root the secret memory',
    async () => {
      const { results } = await report({ uid: 0 })
      expect(results.filter(({ ok }) => !ok)).toEqual([])
      const refused = results.filter(({ seen }) => seen === 'refused')
      expect(refused.filter(({ attacker }) => attacker === 'other-user').length).toBeGreaterThanOrEqual(19)
      expect(refused).toContainEqual(expect.objectContaining({ probe: 'secret memory', attacker: 'root' }))
    },
  )
})

describe('the probes can succeed', () => {
  const needle = Buffer.from(randomBytes(16).toString('hex'))

  test('on an unprotected process: this one', () => {
    expect(tryMemory(process.pid, undefined)).toBe('read')
    expect(tryPath('file', `/proc/${process.pid}/environ`, undefined)).toBe('read')
    expect(tryPath('folder', `/proc/${process.pid}/fd`, undefined)).toBe('read')
    expect(tryPath('folder', `/proc/${process.pid}/root/`, undefined)).toBe('read')
    expect(trySecretMemory(process.pid, needle)).toBe('read')
  })

  test('and a broken promise is told from a kept one', () => {
    const attempt = { probe: 'environ', attacker: 'same-user', state: 'idle', seen: 'read' } as const
    expect(judge(attempt, 'rootless')).toMatchObject({ expected: 'refused', ok: false })
    const granted = { ...attempt, probe: 'granted file', state: 'running' } as const
    expect(judge(granted, 'rootless').ok).toBe(true)
    expect(judge(granted, 'sealed').ok).toBe(false)
  })
})
