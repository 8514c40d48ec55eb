/** INI as ini.v1 writes it, which is what SOPS writes. */
import { expect, test } from 'vitest'
import { iniSections } from '../../src/core/sops/ini.ts'

test('sections, names in quotes, comments, and values over several lines', () => {
  const text = `first=1
; no value
[a.b]
key   = "quoted"
\`x=y\` : \`has # and ;\`
pem = """-----BEGIN
two = no name
  three """
after = """one line"""
empty =
[c]
x = \`two
lines\`
`
  expect(iniSections(text)).toEqual([
    { name: 'DEFAULT', entries: [['first', '1']] },
    {
      name: 'a.b',
      entries: [
        ['key', 'quoted'],
        ['x=y', 'has # and ;'],
        ['pem', '-----BEGIN\ntwo = no name\n  three '],
        ['after', 'one line'],
        ['empty', ''],
      ],
    },
    { name: 'c', entries: [['x', 'two\nlines']] },
  ])
})

test.each([
  ['words\n', 'has a line that is no name = value'],
  ['a = """never\nends\n', 'has a value in """ without an end'],
  ['`a\n', 'has a line that is no name = value'],
])('%j is refused: %s', (text, why) => {
  expect(iniSections(text)).toBe(why)
})
