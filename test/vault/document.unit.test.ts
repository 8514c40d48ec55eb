import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  emptyDocument,
  encodeDocument,
  MAX_VALUE,
  parseDocument,
  type VaultDocument,
} from '../../src/core/vault/document.ts'
import {
  secretsOf,
  wipeDocument,
  withFiles,
  withIdentity,
  withoutSecret,
  withSecrets,
} from '../../src/core/vault/edit.ts'
import { buffers, failed, NOW, texts, value } from '../support/vault.ts'

const ID = '0123456789abcdef0123456789abcdef'
const empty = emptyDocument(ID, NOW, [])

function reparsed(doc: VaultDocument): VaultDocument {
  return value(parseDocument(value(encodeDocument(doc)), 'vault.age'))
}

function jsonOf(doc: VaultDocument): Record<string, unknown> {
  return JSON.parse(value(encodeDocument(doc)).toString())
}

function parsedJson(json: unknown) {
  return parseDocument(Buffer.from(JSON.stringify(json)), 'vault.age')
}

describe('a vault document', () => {
  test('keeps every byte of every value', () => {
    void fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const doc = value(withSecrets(empty, new Map([['KEY', Buffer.from(bytes)]]), NOW))
        expect(reparsed(doc).secrets.get('KEY')?.value.equals(bytes)).toBe(true)
      }),
    )
  })

  test('keeps a value of exactly 1 MiB, and refuses one byte more', () => {
    const largest = Buffer.alloc(MAX_VALUE, 0xfe)
    const doc = value(withSecrets(empty, new Map([['BIG', largest]]), NOW))
    expect(reparsed(doc).secrets.get('BIG')?.value.equals(largest)).toBe(true)
    const failure = failed(withSecrets(empty, new Map([['BIG', Buffer.alloc(MAX_VALUE + 1)]]), NOW))
    expect(failure).toMatchObject({
      reason: 'too-large',
      message: expect.stringContaining('the value of BIG'),
    })
  })

  test('takes names that objects already have', () => {
    const names = { constructor: 'a', toString: 'b', hasOwnProperty: 'c' }
    const values = buffers(names).set('__proto__', Buffer.from('d'))
    const doc = reparsed(value(withSecrets(empty, values, NOW)))
    expect(doc.secrets.size).toBe(4)
    expect(doc.secrets.get('__proto__')?.value.toString()).toBe('d')
    expect(failed(withoutSecret(empty, 'constructor')).reason).toBe('secret-missing')
  })

  test('keeps files with their mode, identities and the snapshot', () => {
    const saved = new Map([
      ['infra/talosconfig', { content: Buffer.from('x\r\n\0'), mode: 0o777, updated: NOW }],
    ])
    const about = { provider: 'infisical', host: 'https://x', clientId: 'i', clientSecret: 's', updated: NOW }
    const withAll = {
      ...withIdentity(value(withFiles(empty, saved)), 'infisical', about),
    }
    const doc = reparsed(withAll)
    expect(doc.files.get('infra/talosconfig')).toEqual({
      content: Buffer.from('x\r\n\0'),
      mode: 0o700,
      updated: NOW,
    })
    expect(doc.identities.get('infisical')).toEqual(about)
  })

  test('keeps what a newer tazpod of the same version added', () => {
    const future = { ...jsonOf(empty), tags: { prod: ['A'] } }
    const doc = value(parsedJson(future))
    expect(jsonOf(value(withSecrets(doc, buffers({ A: '1' }), NOW))).tags).toEqual({ prod: ['A'] })
  })

  test('of a newer version is refused as such', () => {
    expect(failed(parsedJson({ ...jsonOf(empty), version: 2 }))).toMatchObject({
      reason: 'vault-newer',
      message: expect.stringContaining('made by a newer tazpod'),
    })
  })

  const secret = (value: unknown) => ({ secrets: { TOKEN: { value, updated: NOW } } })
  test.each([
    ['no JSON', undefined],
    ['a list', []],
    ['null', null],
    ['another format', { ...jsonOf(empty), format: 'other' }],
    ['no version', { ...jsonOf(empty), version: undefined }],
    ['version 0', { ...jsonOf(empty), version: 0 }],
    ['generation 0', { ...jsonOf(empty), generation: 0 }],
    ['half a generation', { ...jsonOf(empty), generation: 1.5 }],
    ['a foreign id', { ...jsonOf(empty), id: '../../x' }],
    ['secrets as a list', { ...jsonOf(empty), secrets: [] }],
    ['no secrets', { ...jsonOf(empty), secrets: undefined }],
    ['an impossible name', { ...jsonOf(empty), secrets: { 'a=b': { value: '', updated: NOW } } }],
    ['a value that is no base64', { ...jsonOf(empty), ...secret('hunter2hunter2*') }],
    ['a value in another spelling', { ...jsonOf(empty), ...secret('aHVudGVyMg') }],
    ['a value over 1 MiB', { ...jsonOf(empty), ...secret(Buffer.alloc(MAX_VALUE + 1).toString('base64')) }],
    ['a value that is a number', { ...jsonOf(empty), ...secret(42) }],
    [
      'a file mode for others',
      { ...jsonOf(empty), files: { a: { content: '', mode: 0o077, updated: NOW } } },
    ],
    ['a recipient that is none', { ...jsonOf(empty), recipients: [{ recipient: 'x', label: '' }] }],
  ])('that is damaged is refused: %s', (_, json) => {
    const bytes = json === undefined ? Buffer.from('hunter2{') : Buffer.from(JSON.stringify(json))
    const failure = failed(parseDocument(bytes, '/v/vault.age'))
    expect(failure.reason).toBe('vault-damaged')
    expect(failure.message).toContain('/v/vault.age is damaged')
    expect(failure.message).not.toMatch(/hunter2|aHVudGVyMg/)
  })

  test('never throws on anything', () => {
    void fc.assert(fc.property(fc.json(), (json) => void parseDocument(Buffer.from(json), 'v')))
    void fc.assert(fc.property(fc.anything(), (part) => void parsedJson({ ...jsonOf(empty), secrets: part })))
  })

  test('over 64 MiB is not written', () => {
    const values = new Map(Array.from({ length: 50 }, (_, i) => [`S${i}`, Buffer.alloc(MAX_VALUE)]))
    const failure = failed(encodeDocument(value(withSecrets(empty, values, NOW))))
    expect(failure).toMatchObject({
      reason: 'too-large',
      message: expect.stringContaining('the vault is 67 MiB'),
    })
  })
})

describe('a change of a document', () => {
  test('leaves the old one as it was', () => {
    const one = value(withSecrets(empty, buffers({ A: '1' }), NOW))
    const two = value(withSecrets(one, buffers({ A: '2', B: '3' }), NOW))
    expect([texts(empty), texts(one), texts(two)]).toEqual([{}, { A: '1' }, { A: '2', B: '3' }])
    expect(texts(value(withoutSecret(two, 'A')))).toEqual({ B: '3' })
  })

  test.each(['', '1A', 'a b', 'a=b', 'a\nb', 'é', 'a'.repeat(129), '../x'])('refuses the name %j', (name) => {
    const failure = failed(withSecrets(empty, new Map([[name, Buffer.from('v')]]), NOW))
    expect(failure).toMatchObject({ reason: 'bad-secret-name', exitCode: 64 })
    expect(failure.message).not.toContain('\n')
  })

  test('copies values in and out, so that each owner can wipe its own', () => {
    const given = Buffer.from('value')
    const doc = value(withSecrets(empty, new Map([['A', given]]), NOW))
    given.fill(0)
    const out = secretsOf(doc)
    wipeDocument(doc)
    expect(out.get('A')?.toString()).toBe('value')
    expect(doc.secrets.get('A')?.value.every((byte) => byte === 0)).toBe(true)
  })
})
