import { expect, test } from 'vitest'
import { splitCommand } from '../../src/cli/command-line.ts'
import { printable, shellQuoted, shorten } from '../../src/cli/output.ts'
import { paragraph, table } from '../../src/cli/table.ts'
import { duration, relative } from '../../src/cli/time.ts'

test('nothing that a terminal obeys gets through', () => {
  expect(printable('a\x1b[2J\x07\r\nb\x9b1m')).toBe('a\\x1b[2J\\x07\\x0d\\x0ab\\x9b1m')
  expect(printable('user\u202etxt.exe\u200b')).toBe('user\\u202etxt.exe\\u200b')
  expect(printable('Grüße 🙂 naïve')).toBe('Grüße 🙂 naïve')
})

test('a table fits 80 columns, keeps every character, and stays aligned', () => {
  const long = `/home/${'very-long-folder/'.repeat(8)}file`
  const lines = table(
    ['name', 'where'],
    [
      ['A', long],
      ['LONGER_NAME', 'b'],
    ],
    { width: 80 },
  )
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  const column = (line: string) => line.slice(13)
  expect(lines.slice(1, -1).map(column).join('')).toBe(long)
  expect(lines.at(-1)).toBe('LONGER_NAME  b')
})

test('columns of numbers stand on the right, and cells count, not characters', () => {
  expect(
    table(
      ['name', 'bytes'],
      [
        ['日本', '7'],
        ['abc', '12345'],
      ],
    ),
  ).toEqual(['name  bytes', '日本      7', 'abc   12345'])
})

test('a table of nothing is its head', () => {
  expect(table(['a', 'b'], [])).toEqual(['a  b'])
})

test('a paragraph breaks between words', () => {
  expect(paragraph('one two three four', '  ', 9)).toEqual(['one two', '  three', '  four'])
})

test('a long path keeps its end', () => {
  expect(shorten('/a/very/long/path/to/tazpod.yaml', 20)).toMatch(/^.{6}….{13}$/)
  expect(shorten('short', 20)).toBe('short')
})

test.each([
  [45_000, '45 s'],
  [720_000, '12 min'],
  [12 * 3_600_000, '12 h'],
  [3 * 3_600_000 + 20 * 60_000, '3 h 20 min'],
  [3 * 86_400_000, '3 d'],
  [-5, '0 s'],
])('%i ms is %s', (ms, words) => {
  expect(duration(ms)).toBe(words)
})

test('a time relative to now', () => {
  expect(relative(720_000, 0)).toBe('in 12 min')
  expect(relative(0, 720_000)).toBe('12 min ago')
  expect(relative(5, 0)).toBe('now')
})

test('a shell word survives quotes', () => {
  expect(shellQuoted("it's $HOME `x`")).toBe(`'it'\\''s $HOME \`x\`'`)
})

test.each([
  [['--', 'a', '--json'], [], ['a', '--json']],
  [['a', '--explain'], [], ['a', '--explain']],
  [
    ['--only', 'X', '--explain', 'a', '--', 'b'],
    ['--only', 'X', '--explain'],
    ['a', '--', 'b'],
  ],
  [['--only=X', 'a'], ['--only=X'], ['a']],
  [['--only'], ['--only'], []],
  [[], [], []],
])('%j: flags of tazpod end where the command begins', (argv, own, command) => {
  expect(splitCommand(argv, ['--only'])).toEqual({ own, command })
})
