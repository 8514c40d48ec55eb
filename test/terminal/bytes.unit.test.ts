import fc from 'fast-check'
import { expect, test } from 'vitest'
import { printable } from '../../src/cli/output.ts'
import { displayWidth } from '../../src/cli/width.ts'
import { base64Bytes, screenRows } from '../../src/tui/terminal/bytes.ts'
import { splitMouse } from '../../src/tui/terminal/mouse.ts'

const text = (value: string | Buffer, width = 20, limit = 10) =>
  screenRows(Buffer.from(value), width, limit).rows.map(String)

test('a value is cut into rows by cells, and its own line ends begin rows', () => {
  expect(text('abc\ndef', 20)).toEqual(['abc', 'def'])
  expect(text('abcdef', 4)).toEqual(['abcd', 'ef'])
  expect(text('日本語', 4)).toEqual(['日本', '語'])
  expect(screenRows(Buffer.from('a\nb\nc'), 20, 2)).toMatchObject({ more: true })
  expect(screenRows(Buffer.from('a\nb'), 20, 2)).toMatchObject({ more: false })
})

test('nothing in a value is obeyed by the terminal, and what is no text shows as bytes', () => {
  expect(text('\x1b[31m\r\x9b\u202e', 60)).toEqual(['\\x1b[31m\\x0d\\xc2\\x9b\\xe2\\x80\\xae'])
  expect(text(Buffer.from([0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80]), 60)).toEqual([
    '\\xff\\xc0\\x80\\xed\\xa0\\x80',
  ])
})

test('any bytes: rows never exceed the width, and hold nothing that printable would change', () => {
  void fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 16, max: 60 }), (bytes, width) => {
      const { rows } = screenRows(Buffer.from(bytes), width, 1_000)
      for (const row of rows.map(String)) {
        expect(printable(row)).toBe(row)
        expect(displayWidth(row)).toBeLessThanOrEqual(width)
      }
    }),
  )
})

test('text that is plain comes back whole', () => {
  void fc.assert(
    fc.property(fc.string({ unit: 'grapheme-ascii', maxLength: 300 }), (plain) => {
      expect(screenRows(Buffer.from(plain), 33, 1_000).rows.map(String).join('')).toBe(plain)
    }),
  )
})

test('base64 of any bytes is what Node makes of them', () => {
  void fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(base64Bytes(Buffer.from(bytes)).toString('latin1')).toBe(Buffer.from(bytes).toString('base64'))
    }),
  )
})

test('the mouse is taken out of the keys, whole and in pieces', () => {
  expect(splitMouse('a\x1b[<0;10;5Mb\x1b[<0;10;5m')).toEqual({
    keys: 'ab',
    events: [{ kind: 'press', column: 10, row: 5 }],
    rest: '',
  })
  expect(splitMouse('\x1b[<64;1;1M\x1b[<81;300;400M').events).toEqual([
    { kind: 'wheel', by: -1, column: 1, row: 1 },
    { kind: 'wheel', by: 1, column: 300, row: 400 },
  ])
  expect(splitMouse('x\x1b[<0;10')).toEqual({ keys: 'x', events: [], rest: '\x1b[<0;10' })
  expect(splitMouse('\x1b[A')).toEqual({ keys: '\x1b[A', events: [], rest: '' })
  expect(splitMouse('\x1b')).toEqual({ keys: '', events: [], rest: '\x1b' })
})
