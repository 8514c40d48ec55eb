/** What ssh refuses later is said when it is kept, and the command in the hint makes it right. Proved with real ssh-keygen. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { valueHint } from '../../../src/core/value-hint.ts'
import { need } from '../../support/tools.ts'

describe.skipIf(!need('ssh-keygen', 'keys that ssh refuses'))('an SSH key', () => {
  let folder: string
  let key: Buffer
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tz-hint-'))
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(folder, 'key')])
    key = readFileSync(join(folder, 'key'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const taken = (value: Buffer) => {
    writeFileSync(join(folder, 'tried'), value, { mode: 0o600 })
    return spawnSync('ssh-keygen', ['-y', '-f', join(folder, 'tried')], { input: '' }).status === 0
  }

  test('that is right has no hint', () => {
    expect(taken(key)).toBe(true)
    expect(valueHint('KEY', key)).toBeUndefined()
  })

  test.each([
    ['without its last newline', (text: string) => text.trimEnd(), 'no newline at its end'],
    ['with CR LF', (text: string) => text.replaceAll('\n', '\r\n'), 'CR LF'],
    ['with \\n typed', (text: string) => text.replaceAll('\n', '\\n'), '\\n typed into it'],
  ])('%s', (_, spoil, words) => {
    const value = Buffer.from(spoil(key.toString('latin1')), 'latin1')
    const hint = valueHint('KEY', value) ?? ''
    expect(taken(value)).toBe(false)
    expect(hint).toContain(words)
    const [filter = ''] = /(?<=KEY \| ).*(?= \| tazpod vault set KEY --force$)/.exec(hint) ?? []
    const mended = spawnSync('sh', ['-c', filter], { input: value }).stdout
    expect(taken(mended)).toBe(true)
  })
})

test.each([
  'token',
  '',
  'C:\\new',
  '{"private_key":"-----BEGIN PRIVATE KEY-----\\nMIIE\\n-----END PRIVATE KEY-----\\n"}',
  '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
])('%j has no hint', (value) => {
  expect(valueHint('A', Buffer.from(value))).toBeUndefined()
})
