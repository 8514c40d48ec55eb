/** What ssh refuses later is said when it is kept, and the command in the hint makes it right. Proved with real ssh-keygen. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lineEndOfToken, valueHint } from '../../src/core/vault/value-hint.ts'
import { need } from '../support/tools.ts'

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

describe('the line end behind a token', () => {
  const UUID = '01234567-89ab-cdef-0123-456789abcdef'
  test.each([
    [`${'A'.repeat(43)}=`, '32 bytes in base64'],
    [`root@pam!tazpod=${UUID}`, 'an API token of Proxmox'],
    [`ghp_${'a1'.repeat(18)}`, 'a token of GitHub'],
    [UUID, 'a UUID'],
  ])('is no part of %s', (token, what) => {
    expect(lineEndOfToken(Buffer.from(`${token}\n`))).toEqual({ what, bytes: 1 })
    expect(lineEndOfToken(Buffer.from(`${token}\r\n`))).toEqual({ what, bytes: 2 })
    expect(lineEndOfToken(Buffer.from(token))).toBeUndefined()
  })

  test.each([
    ['word\n'],
    ['-----BEGIN X-----\nAAAA\n'],
    ['\n'],
    [`${'A'.repeat(43)}=\n\n`],
    [`${'A'.repeat(42)}==\n`],
  ])('may be one of %j', (value) => expect(lineEndOfToken(Buffer.from(value))).toBeUndefined())
})
