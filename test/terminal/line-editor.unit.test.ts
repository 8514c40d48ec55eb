import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Edit, LineEditor } from '../../src/core/text/line-editor.ts'

function typed(keys: string | Uint8Array, limit?: number): { edits: Edit[]; text: string } {
  const editor = new LineEditor(limit)
  const edits = [...Buffer.from(keys as string)].map((byte) => editor.type(byte))
  return { edits, text: editor.take().toString() }
}

test.each([
  ['abc', 'abc'],
  ['abé\x7f', 'ab'],
  ['ab🙂\x08c', 'abc'],
  ['abc\x15d', 'd'],
  ['a\x1b[Ab\x1bOPc\x1b[200~d\x1b[201~\x1bxe', 'abcde'],
  ['a\tb\x00\x01c', 'a\tbc'],
  ['\x7f\x7fa', 'a'],
  ['a\x04b', 'ab'],
])('%j leaves %j', (keys, text) => {
  expect(typed(keys).text).toBe(text)
})

test.each([
  ['\r', 'enter'],
  ['\n', 'enter'],
  ['\x03', 'interrupt'],
  ['\x1c', 'interrupt'],
  ['\x1a', 'suspend'],
  ['\x04', 'end'],
  ['\x1b\x03', 'interrupt'],
  ['\x1b[\x03', 'interrupt'],
] as const)('%j is %s', (keys, edit) => {
  expect(typed(keys).edits.at(-1)).toBe(edit)
})

test('one byte too many is said, and nothing of the line is kept', () => {
  expect(typed('abcd', 4)).toEqual({ edits: ['show', 'show', 'show', 'show'], text: 'abcd' })
  expect(typed('abcde', 4)).toMatchObject({ edits: [...Array(4).fill('show'), 'too-long'], text: '' })
})

test('whatever is typed, the line is within its bound and wiping leaves zeros', () => {
  void fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (keys) => {
      const editor = new LineEditor(32)
      for (const byte of keys) editor.type(byte)
      expect(editor.take().length).toBeLessThanOrEqual(32)
      editor.wipe()
      expect(editor.take().length).toBe(0)
    }),
  )
})
