import { expect, test } from 'vitest'
import { HiddenValues } from '../../src/castle/core/hidden-values.ts'

const KEY = 'q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k='

function shownIn(pieces: readonly string[], values: Record<string, string>): string {
  const hidden = new HiddenValues(
    Object.entries(values).map(([name, value]) => [name, Buffer.from(value)] as const),
  )
  const stream = hidden.stream()
  const out = pieces.map((piece) => stream.take(Buffer.from(piece)))
  return Buffer.concat([...out, stream.rest()]).toString()
}

test('a value is hidden wherever the output is cut', () => {
  const text = `key = "${KEY}"\nkey = "${KEY}\\n"\n`
  for (let cut = 0; cut <= text.length; cut++)
    expect(shownIn([text.slice(0, cut), text.slice(cut)], { KEY })).toBe(
      'key = "(hidden: KEY)"\nkey = "(hidden: KEY)\\n"\n',
    )
  expect(shownIn([...text], { KEY })).not.toContain(KEY)
})

test('what only begins as a value is shown, at the latest at the end', () => {
  const half = `Enter ${KEY.slice(0, 20)}`
  expect(shownIn([half], { KEY })).toBe(half)
  expect(shownIn([half, KEY.slice(20)], { KEY })).toBe('Enter (hidden: KEY)')
})

test.each([
  ['with its newline', `${KEY}\n`, `x${KEY}x`],
  ['as a string of JSON', 'pass"word\\1', 'x"pass\\"word\\\\1"x'],
  ['in base64', 'pa55word-of-db', Buffer.from('pa55word-of-db').toString('base64')],
  ['line by line', `-----BEGIN KEY-----\n${KEY}${KEY}\n`, `   ${KEY}${KEY}  `],
])('%s', (_, value, text) => {
  const shown = shownIn([text], { K: value })
  expect(shown).toContain('(hidden: K)')
  expect(shown).not.toContain(KEY)
})

test('of two that begin alike the longer one is named; a short one is not looked for', () => {
  const values = { SHORT: 'abcdefgh', LONG: 'abcdefghij', TINY: 'id' }
  expect(shownIn(['id abcdefghij abcdefgh'], values)).toBe('id (hidden: LONG) (hidden: SHORT)')
})
