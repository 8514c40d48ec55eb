/** How a time and a size are printed. native/test/check_vectors.c reads the same vectors. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { formatDuration, formatSpan, parseDuration } from '../../src/core/text/duration.ts'
import { formatSize } from '../../src/core/text/size.ts'
import { clockTime, localTime, relative, utcTime, when } from '../../src/core/text/time.ts'

function vectors(name: string): [number, string][] {
  const text = readFileSync(new URL(`../vectors/${name}.tsv`, import.meta.url), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
    .map(([figure, words = '']) => [Number(figure), words])
}

test.each(vectors('durations'))('%i s are %s, until the next second', (seconds, text) => {
  expect(formatSpan(seconds * 1000)).toBe(text)
  expect(formatSpan(seconds * 1000 + 999)).toBe(text)
  expect(parseDuration(text)).toBeLessThanOrEqual(seconds)
})

test('a time that has passed is none', () => {
  expect(formatSpan(-5)).toBe('0s')
  expect(formatDuration(-5)).toBe('0s')
})

test.each(vectors('sizes'))('%i bytes are %s', (bytes, text) => {
  expect(formatSize(bytes)).toBe(text)
})

test.each([
  ['30m', 1_800],
  ['12h', 43_200],
  ['1h30m', 5_400],
  ['1m30s', 90],
  ['2d', 172_800],
  ['1d1h1m1s', 90_061],
])('the setting %s is %i seconds, and back', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds)
  expect(formatDuration(seconds)).toBe(text)
})

test.each(['', '30', 'm', '1.5h', '-1h', '1w', '1h ', '99999999s'])('%j is no setting', (text) => {
  expect(parseDuration(text)).toBeUndefined()
})

test('a time relative to now', () => {
  expect(relative(720_000, 0)).toBe('in 12m')
  expect(relative(0, 720_000)).toBe('12m ago')
  expect(relative(5, 0)).toBe('now')
})

test('a time as a person reads it, in their own zone', () => {
  const time = new Date(2026, 10, 4, 8, 5, 9).getTime()
  expect(localTime(time)).toBe('2026-11-04 08:05:09')
  expect(clockTime(time)).toBe('08:05')
  expect(when(time, time + 60_000)).toBe('2026-11-04 08:05:09 (1m ago)')
})

test('a time as a machine reads it', () => {
  expect(utcTime(Date.UTC(2026, 10, 24, 2, 7, 23, 999))).toBe('2026-11-24T02:07:23Z')
})
