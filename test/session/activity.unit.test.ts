import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseActivity, parseSince } from '../../src/core/session/activity.ts'

const LINE = {
  time: '2026-11-24T02:00:00Z',
  event: 'grant',
  project: 'p',
  pid: 7,
  command: 'sh',
  secrets: ['A'],
}

test('a line keeps what is known and carries the rest as detail', () => {
  const text = JSON.stringify({ ...LINE, code: 3, reason: 'asked', nested: { a: 1 } })
  expect(parseActivity(text)).toEqual({ ...LINE, detail: { code: 3, reason: 'asked' } })
})

test.each([
  '',
  '{',
  '[]',
  'null',
  '1',
  '"a"',
  '{}',
  '{"time":"x","event":"lock"}',
  '{"time":"2026-11-24T02:00:00Z"}',
])('%j is damaged', (line) => {
  expect(parseActivity(line)).toBeUndefined()
})

test('no line makes it throw', () => {
  void fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
      parseActivity(line)
    }),
  )
})

test.each([
  ['90s', 1_000_000 - 90_000],
  ['30m', 1_000_000 - 1_800_000],
  ['1970-01-01', 0],
  ['1970-01-01T00:00:01Z', 1000],
])('--since %s', (text, expected) => {
  expect(parseSince(text, 1_000_000)).toBe(expected)
})

test.each(['', 'x', '1', '-1h', '1y', 'yesterday', '1970-13-01'])('--since %j is refused', (text) => {
  expect(parseSince(text, 0)).toBeUndefined()
})
