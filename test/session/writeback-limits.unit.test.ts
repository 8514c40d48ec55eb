import { expect, test } from 'vitest'
import { writebackProblem } from '../../src/core/session/writeback.ts'

const problem = (given: string, now: string | Buffer) =>
  writebackProblem(Buffer.from(given), Buffer.from(now))

test.each<[string, string, string | Buffer, string | undefined]>([
  ['the same format', '{"a":1}', '{"a":2}', undefined],
  ['JSON that broke', '{"a":1}', '{"a":', 'is no JSON any more'],
  ['YAML', 'a: 1\n', 'a: 2\nb: [1]\n', undefined],
  ['YAML that broke', 'a: 1\n', 'a: [\n', 'is no YAML mapping any more'],
  ['words become other words', 'token', 'other: token', undefined],
  ['nothing', 'token', '', 'is empty'],
  ['something from nothing', '', 'token', undefined],
  ['a NUL', 'a', 'a\0', 'has a NUL byte'],
  ['a NUL that was there', 'a\0', 'b\0', undefined],
  ['bytes that are no text', 'a', Buffer.from([0xff]), 'is no text any more'],
  ['too much', 'a', Buffer.alloc(1_048_577, 'a'), 'is larger than 1 MiB'],
])('%s', (_, given, now, expected) => expect(problem(given, now)).toBe(expected))
