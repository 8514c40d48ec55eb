import { expect, test } from 'vitest'
import { type About, encodeAbout, parseAbout } from '../../src/core/session/about.ts'

const about = (count: number): About => ({
  secrets: new Map(
    Array.from({ length: count }, (_, i) => [
      `NAME_${i}`,
      { bytes: i, fingerprint: '0123abcd', updated: '2026-11-28T00:00:00Z' },
    ]),
  ),
  token: { endsAt: 1_800_000_000_000, lifetime: 3_600 },
})

test('comes back as it was', () => {
  expect(parseAbout(encodeAbout(about(3), 1 << 20) ?? Buffer.alloc(0))).toEqual(about(3))
  const empty: About = { secrets: new Map() }
  expect(parseAbout(encodeAbout(empty, 1 << 20) ?? Buffer.alloc(0))).toEqual(empty)
})

test('of more than fits the names alone, then nothing', () => {
  const bytes = encodeAbout(about(1_000), 40_000)
  expect(bytes?.length).toBeLessThanOrEqual(40_000)
  const read = parseAbout(bytes ?? Buffer.alloc(0))
  expect([...(read?.secrets.entries() ?? [])].slice(0, 2)).toEqual([
    ['NAME_0', {}],
    ['NAME_1', {}],
  ])
  expect(read?.token).toEqual(about(1).token)
  expect(encodeAbout(about(1_000), 1_000)).toBeUndefined()
})

test.each(['', 'null', '[]', '{', '{"secrets":1}', '{"secrets":[1]}'])('%j is none', (text) => {
  expect(parseAbout(Buffer.from(text))).toBeUndefined()
})
