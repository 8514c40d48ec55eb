import { Decrypter, Encrypter, Stanza } from 'age-encryption'
import { describe, expect, test } from 'vitest'
import {
  decryptWith,
  decryptWithPassphrase,
  encryptTo,
  encryptUnderPassphrase,
  generateIdentity,
  identityIn,
  isRecipient,
  recipientOf,
} from '../../src/adapters/vault/age-files.ts'
import { BadStanza, scryptIdentity, scryptRecipient } from '../../src/adapters/vault/age-scrypt.ts'

const PASSPHRASE = Buffer.from('correct horse battery')
const LOW = 4 // the format is the same, the derivation takes no time
const FILE_KEY = Buffer.alloc(16, 7)

async function file(workFactor = LOW): Promise<Buffer> {
  const encrypter = new Encrypter()
  encrypter.addRecipient(scryptRecipient(PASSPHRASE, workFactor))
  return Buffer.from(await encrypter.encrypt('hello'))
}

async function stanza() {
  const [one] = await scryptRecipient(PASSPHRASE, LOW).wrapFileKey(FILE_KEY)
  return one!
}

describe('the scrypt stanza', () => {
  test('opens with the age package itself, and its own with ours', async () => {
    const theirs = new Decrypter()
    theirs.addPassphrase(PASSPHRASE.toString())
    expect(await theirs.decrypt(await file(), 'text')).toBe('hello')

    const encrypter = new Encrypter()
    encrypter.setScryptWorkFactor(LOW)
    encrypter.setPassphrase(PASSPHRASE.toString())
    const opened = await decryptWithPassphrase(Buffer.from(await encrypter.encrypt('hi')), PASSPHRASE)
    expect(opened).toEqual({ ok: true, value: Buffer.from('hi') })
  })

  test('is written with work factor 18 and a fresh salt', async () => {
    const header = (await encryptUnderPassphrase(Buffer.from('x'), PASSPHRASE)).toString('latin1').split('\n')
    expect(header[0]).toBe('age-encryption.org/v1')
    expect(header[1]).toMatch(/^-> scrypt [A-Za-z0-9+/]{22} 18$/)
    expect((await stanza()).args[1]).not.toBe((await stanza()).args[1])
  })

  test('gives the same file key whether the derivation started early or not', async () => {
    const one = await stanza()
    const header = `age-encryption.org/v1\n-> ${one.args.join(' ')}\n`
    for (const head of [header, 'something else']) {
      const key = await scryptIdentity(PASSPHRASE, Buffer.from(head)).unwrapFileKey([one])
      expect(key && Buffer.from(key)).toEqual(FILE_KEY)
    }
  })

  test('with another passphrase is no match', async () => {
    expect(await decryptWithPassphrase(await file(), Buffer.from('wrong'))).toEqual({
      ok: false,
      error: { kind: 'no-match' },
    })
  })

  test.each<[string, (s: { args: string[]; body: Uint8Array }) => { args: string[]; body: Uint8Array }]>([
    ['no work factor', (s) => ({ ...s, args: s.args.slice(0, 2) })],
    ['a further argument', (s) => ({ ...s, args: [...s.args, 'x'] })],
    ['a work factor with a leading zero', (s) => ({ ...s, args: [s.args[0]!, s.args[1]!, '04'] })],
    ['a work factor that is no number', (s) => ({ ...s, args: [s.args[0]!, s.args[1]!, '4e1'] })],
    ['work factor 0', (s) => ({ ...s, args: [s.args[0]!, s.args[1]!, '0'] })],
    ['work factor 21', (s) => ({ ...s, args: [s.args[0]!, s.args[1]!, '21'] })],
    ['an absurd work factor', (s) => ({ ...s, args: [s.args[0]!, s.args[1]!, '9'.repeat(300)] })],
    ['a short salt', (s) => ({ ...s, args: [s.args[0]!, s.args[1]!.slice(0, 20), '4'] })],
    ['a padded salt', (s) => ({ ...s, args: [s.args[0]!, `${s.args[1]}==`, '4'] })],
    ['a salt in another spelling', (s) => ({ ...s, args: [s.args[0]!, `${s.args[1]!.slice(0, 21)}B`, '4'] })],
    ['a short body', (s) => ({ ...s, body: s.body.subarray(1) })],
    ['a long body', (s) => ({ ...s, body: Buffer.concat([s.body, s.body]) })],
  ])('is refused with %s', async (_, change) => {
    const identity = scryptIdentity(PASSPHRASE, Buffer.alloc(0))
    await expect(identity.unwrapFileKey([change(await stanza())])).rejects.toThrow(BadStanza)
  })

  test('is refused beside another recipient', async () => {
    const other = new Stanza(['X25519', 'x'], Buffer.alloc(32))
    const identity = scryptIdentity(PASSPHRASE, Buffer.alloc(0))
    await expect(identity.unwrapFileKey([await stanza(), other])).rejects.toThrow('not its only recipient')
  })

  test('says in words what is wrong with a file', async () => {
    const bytes = await file()
    const header = bytes.indexOf('\n---')
    const cases: [Buffer, string][] = [
      [Buffer.from('PK\x03\x04 something else'), 'it is not an age file'],
      [Buffer.from('age-encryption.org/v2\n'), 'it is not an age file'],
      [bytes.subarray(0, header), 'its header is broken'],
      [bytes.subarray(0, header + 60), 'its content was changed or cut off'],
      [bytes.subarray(0, -1), 'its content was changed or cut off'],
      [
        Buffer.from(bytes.toString('latin1').replace(/-> scrypt (\S+) 4/, '-> scrypt $1 31'), 'latin1'),
        'its work factor 31 is too high',
      ],
    ]
    for (const [damaged, why] of cases) {
      expect(await decryptWithPassphrase(damaged, PASSPHRASE)).toEqual({
        ok: false,
        error: { kind: 'damaged', why },
      })
    }
    const changed = Buffer.from(bytes)
    changed[header + 8]! ^= 1 // in the header's MAC
    const opened = await decryptWithPassphrase(changed, PASSPHRASE)
    expect(opened.ok).toBe(false)
  })
})

describe('identities and recipients', () => {
  test('a file for two recipients opens with either and with no third', async () => {
    const [a, b, c] = [await generateIdentity(), await generateIdentity(), await generateIdentity()]
    const sealed = await encryptTo(Buffer.from('x'), [await recipientOf(a), await recipientOf(b)])
    expect((await decryptWith(sealed, a)).ok).toBe(true)
    expect((await decryptWith(sealed, b)).ok).toBe(true)
    expect(await decryptWith(sealed, c)).toEqual({ ok: false, error: { kind: 'no-match' } })
  })

  test('a recipient is checked with its checksum', async () => {
    const recipient = await recipientOf(await generateIdentity())
    expect(await isRecipient(recipient)).toBe(true)
    const last = recipient.endsWith('q') ? 'p' : 'q'
    for (const bad of [
      recipient.slice(0, -1) + last,
      recipient.toUpperCase(),
      'age1',
      '',
      `${recipient}\n`,
    ]) {
      expect(await isRecipient(bad), bad).toBe(false)
    }
  })

  test('an identity file has exactly one identity', async () => {
    const one = await generateIdentity()
    const text = `# created: today\n# public key: age1x\r\n\n${one}\r\n`
    expect(await identityIn(Buffer.from(text))).toEqual(one)
    for (const bad of [
      '',
      '# only a comment',
      `${one}\n${one}`,
      `${one}x`,
      String(one).toLowerCase(),
      `x ${one}`,
    ]) {
      expect(await identityIn(Buffer.from(bad)), bad).toBeUndefined()
    }
  })
})
