import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { canary, scan, scanBytes } from './canary.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tz-canary-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const secret = canary('test')

/** Without these, "found nothing" in the residue tests would prove nothing. */
describe('control: the scan finds a canary', () => {
  test.each([
    ['plain', Buffer.from(secret)],
    ['utf-16', Buffer.from(secret, 'utf16le')],
    ['hex', Buffer.from(Buffer.from(secret).toString('hex'))],
    ['percent-encoded', Buffer.from(Buffer.from(secret).toString('hex').toUpperCase().replace(/../g, '%$&'))],
    ...['', 'x', 'xy'].map((before): [string, Buffer] => [
      `base64 at ${before.length}`,
      Buffer.from(Buffer.from(`${before}${secret}yz`).toString('base64')),
    ]),
  ])('as %s', (form, bytes) => {
    mkdirSync(join(dir, 'deep/er'), { recursive: true })
    writeFileSync(join(dir, 'deep/er/file'), Buffer.concat([Buffer.alloc(77, 1), bytes, Buffer.alloc(9, 2)]))
    expect(scan([dir], [secret])).toEqual([{ path: join(dir, 'deep/er/file'), canary: secret, form }])
  })

  test('across the border of two pieces', () => {
    for (const at of [1024 * 1024 - 5, 1024 * 1024 + 100, 2 * 1024 * 1024 - 3]) {
      writeFileSync(join(dir, 'large'), Buffer.concat([Buffer.alloc(at, 0x20), Buffer.from(secret)]))
      expect(scan([dir], [secret])).toHaveLength(1)
    }
  })

  test('in a file name and in the target of a link', () => {
    writeFileSync(join(dir, secret), '')
    symlinkSync(`/nowhere/${secret}`, join(dir, 'link'))
    expect(scan([dir], [secret])).toHaveLength(2)
  })
})

test('another canary is not found, nor is a folder that is not there', () => {
  writeFileSync(join(dir, 'file'), canary('test'))
  expect(scan([dir, join(dir, 'gone')], [secret])).toEqual([])
  expect(scanBytes(Buffer.from(canary('test')), [secret])).toEqual([])
})
