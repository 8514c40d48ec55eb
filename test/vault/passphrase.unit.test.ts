import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkStrength, generatePassphrase, usablePassphrase } from '../../src/core/vault/passphrase.ts'
import { failed, value } from '../support/vault.ts'

describe('a passphrase that can be used', () => {
  test('loses the newlines at its ends and nothing else', () => {
    expect(value(usablePassphrase(Buffer.from(' ä b \r\n'))).toString()).toBe(' ä b ')
    expect(value(usablePassphrase(Buffer.from('\nx\n\n'))).toString()).toBe('x')
  })

  test('is a view: wiping what was typed wipes it', () => {
    const typed = Buffer.from('secret words\n')
    const usable = value(usablePassphrase(typed))
    typed.fill(0)
    expect(usable.every((byte) => byte === 0)).toBe(true)
  })

  test.each([
    ['empty', Buffer.alloc(0), 'it is empty'],
    ['only newlines', Buffer.from('\r\n\n'), 'it is empty'],
    ['1 MiB', Buffer.alloc(1_048_576, 'x'), '1048576 bytes long, at most 1024'],
    ['1025 bytes', Buffer.alloc(1025, 'x'), '1025 bytes'],
    ['not UTF-8', Buffer.from([0x61, 0xff, 0x62]), 'not valid UTF-8'],
    ['cut-off UTF-8', Buffer.from('ä').subarray(0, 1), 'not valid UTF-8'],
    ['NUL', Buffer.from('a\0b'), 'control characters'],
    ['a newline inside', Buffer.from('a\nb'), 'control characters'],
    ['escape', Buffer.from('a\x1b[A'), 'control characters'],
    ['DEL', Buffer.from('a\x7fb'), 'control characters'],
    ['a C1 control', Buffer.from('a\u0085b'), 'control characters'],
  ])('refuses one that is: %s', (_, bytes, why) => {
    const failure = failed(usablePassphrase(bytes))
    expect(failure.reason).toBe('bad-passphrase')
    expect(failure.message).toContain(why)
  })

  test('takes 1024 bytes and every printable character', () => {
    expect(usablePassphrase(Buffer.alloc(1024, 'x')).ok).toBe(true)
    expect(usablePassphrase(Buffer.from('pässwörd à la 日本 🔑 €')).ok).toBe(true)
  })
})

describe('the strength of a passphrase', () => {
  test.each([
    ['short', 'it has 5 characters'],
    ['elevenchars', 'it has 11 characters'],
    ['äöüßäöüß', 'it has 8 characters'],
    ['aaaaaaaaaaaaaaaaaaaa', 'only 1 different'],
    ['abababababababababab', 'only 2 different'],
    ['Password12345', 'a common password'],
    ['correct horse battery staple', 'a common password'],
    ['qwertyuiopasdf', 'keys of a keyboard'],
    ['poiuytrewqlkjh', 'keys of a keyboard'],
    ['abcdefghijklmnop', 'counts or follows the alphabet'],
    ['987654321012345', 'counts or follows'],
    ['wolf-9xwolf-9xwolf-9x', 'repeats itself'],
    ['marvin-the-laptop1', 'name of the user'],
  ])('%s is refused: %s', (text, why) => {
    const failure = failed(checkStrength(Buffer.from(text), ['marvin', 'the-laptop', 'x']))
    expect(failure.reason).toBe('weak-passphrase')
    expect(failure.message).toContain(why)
    expect(failure.message).not.toContain(text)
  })

  test.each([
    'four random words here',
    'kiosk-lamprey-tundra',
    'Tr0ub4dor&3-x9!Lq',
    'naïve café über straße',
    'correct horse battery',
  ])('%s is taken', (text) => {
    expect(checkStrength(Buffer.from(text), ['marvin'])).toEqual({ ok: true, value: undefined })
  })

  test('never throws and never takes what can not be used', () => {
    void fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const typed = Buffer.from(bytes)
        if (checkStrength(typed).ok) expect(usablePassphrase(typed).ok).toBe(true)
      }),
    )
  })
})

describe('a generated passphrase', () => {
  test('is strong, typeable and different each time', () => {
    const made = Array.from({ length: 200 }, generatePassphrase)
    expect(new Set(made).size).toBe(200)
    for (const one of made) {
      expect(one).toMatch(
        /^([abcdefghijkmnpqrstuvwxyz23456789]{4}-){4}[abcdefghijkmnpqrstuvwxyz23456789]{4}$/,
      )
      expect(checkStrength(Buffer.from(one)).ok).toBe(true)
    }
  })

  test('uses all 32 signs: 20 of them are 100 bits', () => {
    const signs = new Set(Array.from({ length: 200 }, generatePassphrase).join('').replaceAll('-', ''))
    expect(signs.size).toBe(32)
  })
})
