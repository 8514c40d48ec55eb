import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { failureText } from '../../src/core/failure/words.ts'
import { CONFIG_BYTES, parseConfig } from '../../src/core/project/read.ts'
import { DESIGN, problems } from './parsed.ts'

describe('a hostile tazpod.yaml', () => {
  it('that is huge, binary or not text is refused at once', () => {
    expect(problems(`version: 1\n${'#'.repeat(10 * 1024 * 1024)}`)).toEqual([
      '1:1 the file has 10485771 bytes; at most 262144 (256 KiB) are read',
    ])
    expect(problems(Buffer.from([0x76, 0xff, 0xfe]))).toEqual(['1:1 the file is not UTF-8 text'])
    expect(problems(Buffer.alloc(100))).not.toEqual([])
    expect(problems(Buffer.from('version: 1'))).toEqual([])
  })

  const bombs: [string, string][] = [
    ['[', '['.repeat(250_000)],
    ['- ', '- '.repeat(125_000)],
    ['{a: ', '{a: '.repeat(60_000)],
    ['anchors', `a: &a [x]\n${Array.from({ length: 2_000 }, (_, i) => `k${i}: &b${i} [*a, *a]`).join('\n')}`],
    ['keys', Array.from({ length: 40_000 }, (_, i) => `k${i}:`).join('\n')],
    ['documents', '---\n'.repeat(60_000)],
    ['quotes', '"'.repeat(100_000)],
  ]
  it.each(bombs)('a bomb of %s is refused with at most 51 problems', (_, text) => {
    const found = problems(text.slice(0, CONFIG_BYTES))
    expect(found.length).toBeGreaterThan(0)
    expect(found.length).toBeLessThanOrEqual(51)
  })

  const word = fc.constantFrom(
    ...[
      'version: 1',
      'secrets:',
      'binds:',
      'commands:',
      '- ',
      '  ',
      '\n',
      '{',
      '}',
      '[',
      ']',
      ', ',
      ': ',
      '"',
      "'",
    ],
    ...[
      'name: A',
      'file: f',
      'env: X',
      'path: a',
      'format: raw',
      'values: {x: A}',
      '*',
      '&a',
      '*a',
      '!t',
      '?',
      '|',
      '>',
    ],
    ...[
      'session: {idle: 1m}',
      '__proto__',
      'constructor',
      'toString',
      '\t',
      '#',
      '%YAML',
      '---',
      '\0',
      '~',
      'null',
    ],
  )
  it('never throws on arbitrary text, bytes and rearranged syntax', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.array(word, { maxLength: 40 }).map((words) => words.join('')),
      fc.uint8Array({ maxLength: 400 }),
      fc
        .tuple(fc.nat(DESIGN.length), fc.nat(20), word)
        .map(([at, n, w]) => DESIGN.slice(0, at) + w + DESIGN.slice(at + n)),
    )
    await fc.assert(
      fc.property(text, (input) => {
        const result = parseConfig(input, 'tazpod.yaml')
        if (result.ok) return
        expect(result.error.reason).toBe('config-invalid')
        expect(failureText(result.error).message).not.toBe('')
        if (result.error.reason !== 'config-invalid') return
        for (const { line, column, message } of result.error.problems) {
          expect(line >= 1 && column >= 1 && message !== '').toBe(true)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
