import { deflateRawSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { aboutEntry, readAbout } from '../../src/app/session/about.ts'
import type { About } from '../../src/core/session/about.ts'

const about = (count: number, name = (i: number) => `NAME_${i}`): About => ({
  secrets: new Map(
    Array.from({ length: count }, (_, i) => [
      name(i),
      {
        bytes: i,
        fingerprint: (i * 2_654_435_761).toString(16).slice(0, 8),
        updated: '2026-11-28T00:00:00Z',
      },
    ]),
  ),
  token: { endsAt: 1_800_000_000_000, lifetime: 3_600 },
})
const read = (form: About): About | undefined => readAbout(aboutEntry(form) ?? Buffer.alloc(0))

test('comes back as it was', () => {
  expect(read(about(3))).toEqual(about(3))
  expect(read({ secrets: new Map() })).toEqual({ secrets: new Map() })
})

test('10,000 secrets take less than 25 bytes each', () => {
  expect(aboutEntry(about(10_000))?.length).toBeLessThan(250_000)
  expect(read(about(10_000))).toEqual(about(10_000))
})

test('the most that there can be fits, with the longest names', () => {
  // no two of them alike, so that nothing is to be gained from the one before
  const name = (i: number) =>
    Array.from({ length: 255 }, (_, at) => ((i * 31 + at * at * 7) % 36).toString(36)).join('')
  const large = about(16_384, (i) => `${i}_${name(i)}`.slice(0, 255))
  const entry = aboutEntry(large)
  expect(entry?.length ?? 0).toBeLessThanOrEqual(1024 * 1024)
  if (entry) expect([...(readAbout(entry)?.secrets.keys() ?? [])]).toEqual([...large.secrets.keys()])
})

test.each(['', 'null', '[]', '{', '{"secrets":1}', '{"secrets":[1]}'])('%j is none', (text) => {
  expect(readAbout(deflateRawSync(text))).toBeUndefined()
  expect(readAbout(Buffer.from(text))).toBeUndefined()
})
