import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Choice, Keys } from '../../src/tui/session/keys.ts'

function type(...chunks: string[]): { pass: string; chosen: Choice[]; open: boolean } {
  const keys = new Keys(true)
  let pass = ''
  const chosen: Choice[] = []
  for (const chunk of chunks) {
    const typed = keys.type(Buffer.from(chunk, 'latin1'))
    pass += typed.pass.toString('latin1')
    if (typed.chosen) chosen.push(typed.chosen)
  }
  return { pass, chosen, open: keys.isMenuOpen }
}

describe('the menu key', () => {
  test.each<[string, string[], Partial<ReturnType<typeof type>>]>([
    [
      'everything else goes through',
      ['ls -l\r', '\x03', '\x1b[A'],
      { pass: 'ls -l\r\x03\x1b[A', chosen: [] },
    ],
    ['a choice', ['\x1d', 'l'], { pass: '', chosen: ['lock'] }],
    ['prefix and choice in one read', ['\x1du'], { pass: '', chosen: ['unlock'] }],
    ['typed around it', ['a\x1d', 'db'], { pass: 'ab', chosen: ['dashboard'] }],
    ['twice sends one', ['\x1d', '\x1d'], { pass: '\x1d', chosen: [] }],
    ['Esc closes it', ['\x1d', '\x1b', 'x'], { pass: 'x', chosen: [] }],
    ['another key goes on with it (vim: the tag)', ['\x1d', 'j'], { pass: '\x1dj', chosen: [] }],
    ['an arrow too', ['\x1d', '\x1b[A'], { pass: '\x1d\x1b[A', chosen: [] }],
    ['it waits', ['\x1d'], { pass: '', open: true }],
    ["kitty's protocol", ['\x1b[93;5u', '\x1b[108u'], { pass: '', chosen: ['lock'] }],
    [
      "kitty's releases and modifiers are no keys",
      ['\x1b[93;5u', '\x1b[93;5:3u', '\x1b[57442;5:3u', '\x1b[108;1u'],
      { pass: '', chosen: ['lock'] },
    ],
    ["xterm's modifyOtherKeys", ['\x1b[27;5;93~', '?'], { pass: '', chosen: ['help'] }],
    [
      'pasted text is text',
      ['\x1b[200~a\x1dl\x1b[201~', '\x1d', 'l'],
      { pass: '\x1b[200~a\x1dl\x1b[201~', chosen: ['lock'] },
    ],
    [
      'a paste that is cut anywhere',
      ['\x1b[200~a\x1d', 'l\x1b[2', '01~', '\x1dl'],
      { pass: '\x1b[200~a\x1dl\x1b[201~', chosen: ['lock'] },
    ],
  ])('%s', (_, chunks, wanted) => {
    expect(type(...chunks)).toMatchObject(wanted)
  })

  test('without keys every byte goes through', () => {
    const keys = new Keys(false)
    expect(keys.type(Buffer.from('\x1dl')).pass.toString()).toBe('\x1dl')
  })

  test('the menu gives back what it took', () => {
    const keys = new Keys(true)
    keys.type(Buffer.from('\x1b[93;5u'))
    expect(keys.close().toString()).toBe('\x1b[93;5u')
    expect(keys.isMenuOpen).toBe(false)
  })

  test('whatever is typed without the key goes through byte for byte, however it is cut', () => {
    const chunk = fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.constantFrom(...['\x1b[200~', '\x1b[201~', '\x1b[9'].map((s) => Buffer.from(s))),
    )
    void fc.assert(
      fc.property(fc.array(chunk), (chunks) => {
        const bytes = Buffer.concat(chunks).map((byte) => (byte === 0x1d ? 0 : byte))
        const keys = new Keys(true)
        const out = chunks.reduce<{ at: number; pass: Buffer[] }>(
          ({ at, pass }, { length }) => ({
            at: at + length,
            pass: [...pass, keys.type(Buffer.from(bytes.subarray(at, at + length))).pass],
          }),
          { at: 0, pass: [] },
        )
        expect(Buffer.concat(out.pass)).toEqual(Buffer.from(bytes))
      }),
    )
  })
})
