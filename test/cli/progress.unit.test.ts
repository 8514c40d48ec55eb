import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type ProgressStream, progress } from '../../src/cli/progress.ts'
import { clip, displayWidth, padTo } from '../../src/cli/width.ts'

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubEnv('TERM', 'xterm')
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
})

function stream(isTTY: boolean, columns = 40): ProgressStream & { text: string } {
  return {
    isTTY,
    columns,
    text: '',
    write(part: string) {
      this.text += part
    },
  }
}

test('on a terminal one line is rewritten in place and taken away at the end', () => {
  const err = stream(true)
  const line = progress('fetching secrets', err)
  vi.advanceTimersByTime(250)
  line.update('12 of 40')
  expect(err.text).toContain('\r\x1b[K⠙ fetching secrets: 12 of 40')
  expect(err.text).not.toContain('\n')
  line.done()
  expect(err.text.endsWith('\r\x1b[K')).toBe(true)
  const before = err.text
  line.done()
  vi.advanceTimersByTime(1_000)
  expect(err.text).toBe(before)
})

test('what ends at once draws nothing', () => {
  const err = stream(true)
  const line = progress('quick', err)
  line.update('half')
  vi.advanceTimersByTime(90)
  line.done()
  expect(err.text).toBe('')
})

test.each([
  ['a pipe', false, 'xterm'],
  ['a terminal that can not move its cursor', true, 'dumb'],
])('into %s nothing is written', (_what, isTTY, term) => {
  vi.stubEnv('TERM', term)
  const err = stream(isTTY)
  const line = progress('fetching', err)
  vi.advanceTimersByTime(2_000)
  line.update('12 of 40')
  line.done()
  expect(err.text).toBe('')
})

test('the line never wraps, and nothing in it is obeyed by the terminal', () => {
  const err = stream(true, 20)
  const line = progress('fetching', err)
  line.update(`日本語日本語日本語 \x1b[2J`)
  vi.advanceTimersByTime(300)
  const shown = err.text.split('\r\x1b[K').at(-1) ?? ''
  expect(displayWidth(shown)).toBeLessThan(20)
  expect(shown).not.toContain('\x1b')
  line.done()
})

test.each([
  ['plain', 5],
  ['日本', 4],
  ['é', 1],
  ['e\u0301', 1],
  ['🙂', 2],
  ['👩‍💻', 2],
  ['❤️', 2],
  ['…', 1],
  ['│', 1],
])('%s takes %i cells', (text, cells) => {
  expect(displayWidth(text)).toBe(cells)
})

test('text is cut and filled by cells, not by characters', () => {
  expect(clip('日本語', 5)).toBe('日本…')
  expect(clip('日本語', 4)).toBe('日…')
  expect(clip('abc', 3)).toBe('abc')
  expect(clip('abcd', 0)).toBe('')
  expect(padTo('日本', 6)).toBe('日本  ')
})
