/** The numbers that Node and the native part share: `make -C native check` reads the same table. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PAGE } from '../../src/adapters/holder/session-page.ts'
import { ABSENT } from '../../src/adapters/holder/values.ts'
import { KEEP_UMASK, SET_LIMITS } from '../../src/core/grant/launch-set.ts'
import { ENTRY, FRAME, RECORD } from '../../src/core/grant/set-frame.ts'

test('both languages have the same numbers', () => {
  const groups = {
    ...{ frame: FRAME, record: RECORD, entry: ENTRY, limit: SET_LIMITS },
    ...{ umask: { keep: KEEP_UMASK }, size: { absent: ABSENT }, page: PAGE },
  }
  const ours = Object.entries(groups).flatMap(([group, numbers]) =>
    Object.entries(numbers).map(([name, number]) => `${group}.${name}\t${number}\n`),
  )
  const table = readFileSync(new URL('../vectors/layout.tsv', import.meta.url), 'utf8')
  expect(ours.join('')).toBe(table)
})
