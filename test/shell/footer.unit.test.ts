import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type FooterState, footerLine, providerHealth } from '../../src/tui/session/footer.ts'
import { dueWarning, lifetime, span } from '../../src/tui/session/lifetime.ts'
import { Emulator } from '../support/shell/emulator.ts'

const NOW = Date.parse('2026-11-24T12:00:00Z')
const STATE: FooterState = {
  state: 'unlocked',
  project: 'lab',
  expiresAt: '2026-11-24T23:59:30Z',
  idleAt: null,
  secrets: 2,
  running: 1,
  isolation: 'rootless',
  provider: undefined,
}

function shownAt(cols: number, change: Partial<FooterState> = {}, note?: string): string {
  const line = footerLine({ ...STATE, ...change }, { cols, now: NOW, colour: true, note, key: 'Ctrl-]' })
  const screen = new Emulator(cols, 2)
  screen.write(line)
  expect(screen.cursor.y).toBe(0)
  return screen.rows()[0] ?? ''
}

test('the health of a provider that is asked again and again', () => {
  expect(providerHealth('vault', null)).toBeUndefined()
  expect(providerHealth('infisical', { state: 'waiting' })).toBe('infisical ok')
  expect(providerHealth('infisical', { state: 'failed' })).toBe('infisical FAILED')
  expect(shownAt(80, { provider: 'infisical FAILED' })).toContain('1 running  infisical FAILED  rootless')
})

describe('the footer', () => {
  test.each<[string, number, Partial<FooterState>, string]>([
    ['everything', 80, {}, ' lab unlocked 11h 59m   2 secrets  1 running  rootless              Ctrl-] menu'],
    [
      'narrow: the least important goes first',
      60,
      {},
      ' lab unlocked 11h 59m   2 secrets  1 running  rootless',
    ],
    ['narrower', 45, {}, ' lab unlocked 11h 59m   2 secrets'],
    ['very narrow', 24, {}, ' lab unlocked 11h 59m'],
    ['locked', 80, { state: 'locked', running: 0 }, ' lab LOCKED   unlock: tazpod pull'],
    ['idle comes first', 80, { idleAt: '2026-11-24T12:10:00Z' }, ' lab unlocked 10m idle   2 secrets'],
    ['no end', 80, { expiresAt: null }, ' lab unlocked   2 secrets'],
    ['one secret', 80, { secrets: 1, running: 0 }, ' lab unlocked 11h 59m   1 secret  rootless'],
    ['a hostile name', 80, { project: 'a\x1b[2J\u202eb漢' }, ' a?[2J?b? unlocked'],
  ])('%s', (_, cols, change, wanted) => {
    expect(shownAt(cols, change)).toContain(wanted.slice(0, cols - 1).trimEnd())
  })

  test('a note takes the place of the facts, not of the state', () => {
    expect(shownAt(80, {}, 'locks in 5m (no command runs)')).toMatch(
      /^ lab unlocked 11h 59m .* locks in 5m \(no command runs\)$/,
    )
  })

  test.each([
    ['11h 59m', '2026-11-24T23:59:30Z', '42m'],
    ['4m', '2026-11-24T12:04:59Z', '43m'],
    ['locked', undefined, '41m'],
  ])('colour says how much is left: %s', (_, expiresAt, colour) => {
    const change: Partial<FooterState> = expiresAt === undefined ? { state: 'locked' } : { expiresAt }
    const line = footerLine({ ...STATE, ...change }, { cols: 80, now: NOW, colour: true, key: undefined })
    expect(line).toContain(colour)
  })

  test('without colour there is none', () => {
    const line = footerLine(STATE, { cols: 80, now: NOW, colour: false, key: undefined })
    expect([...line.matchAll(/\x1b\[([\d;]*)m/g)].map((m) => m[1])).toEqual(['1;7', '0'])
  })

  test('it never fills its row, whatever the names and the width', () => {
    void fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.string({ unit: 'binary' }),
        fc.string(),
        (cols, project, note) => {
          const line = footerLine(
            { ...STATE, project },
            { cols, now: NOW, colour: true, note, key: 'Ctrl-]' },
          )
          expect(line.replace(/\x1b\[[\d;]*m/g, '').length).toBeLessThan(Math.max(2, cols))
        },
      ),
    )
  })
})

describe('the time that is left', () => {
  test.each([
    [43_199_000, '11h 59m'],
    [3_600_000, '1h 00m'],
    [3_599_999, '59m'],
    [59_999, '59s'],
    [0, '0s'],
  ])('%i ms is %s', (ms, text) => {
    expect(span(ms)).toBe(text)
  })

  test('the earlier end counts, and an end that has passed is now', () => {
    expect(lifetime({ expiresAt: '2026-11-24T13:00:00Z', idleAt: '2026-11-24T12:00:10Z' }, NOW)).toEqual({
      left: 10_000,
      why: 'idle',
    })
    expect(lifetime({ expiresAt: '2026-11-24T11:00:00Z', idleAt: null }, NOW)).toEqual({
      left: 0,
      why: 'max',
    })
    expect(lifetime({}, NOW).left).toBeUndefined()
  })

  test.each<[number | undefined, number | undefined, number | undefined]>([
    [400_000, 300_001, undefined],
    [300_001, 300_000, 300_000],
    [300_000, 299_000, undefined],
    [61_000, 60_000, 60_000],
    [60_000, 59_000, undefined],
    [400_000, 30_000, 60_000],
    [undefined, 200_000, 300_000],
    [undefined, undefined, undefined],
  ])('from %s to %s ms the warning is %s', (before, left, due) => {
    expect(dueWarning(before, left)).toBe(due)
  })
})
