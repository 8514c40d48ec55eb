import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VtScanner } from '../../src/tui/session/scanner.ts'

/** The pieces of a stream, neighbouring texts and the parts of a string joined: how it was cut must not show. */
function pieces(chunks: readonly Buffer[]): string[] {
  const found: { kind: string; bytes: string; open: boolean }[] = []
  const add = (kind: string, bytes: string, open: boolean): void => {
    const last = found.at(-1)
    if (last && last.kind === kind && last.open) {
      last.bytes += bytes
      last.open = open
    } else {
      found.push({ kind, bytes, open })
    }
  }
  const scanner = new VtScanner({
    text: (bytes, start, end) => add('text', bytes.toString('latin1', start, end), true),
    sequence: (bytes, start, end) => add('sequence', bytes.toString('latin1', start, end), false),
    string: (bytes, start, end, kind, last) =>
      add(`string ${kind}`, bytes.toString('latin1', start, end), !last),
  })
  for (const chunk of chunks) scanner.scan(chunk)
  return found.map(({ kind, bytes }) => `${kind}: ${JSON.stringify(bytes)}`)
}

function cut(stream: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((n) => n % (stream.length + 1)))].sort((a, b) => a - b)
  return [0, ...places].map((start, i) => stream.subarray(start, places[i] ?? stream.length))
}

const WORDS = [
  ...[
    'a',
    'line\r\n',
    'é',
    '漢',
    '👩‍🚀',
    '\x07',
    '\x1b',
    '\x1b[',
    '\x1b[3',
    '1',
    ';',
    'm',
    'H',
    '?',
    '\x18',
    '\x1a',
    '\\',
  ],
  ...[
    '\x1b[2J',
    '\x1b[?1049h',
    '\x1b[?1049l',
    '\x1b[12;40H',
    '\x1b7',
    '\x1b8',
    '\x1b(0',
    '\x1bc',
    '\x1b[!p',
    '\x1b[1;5r',
  ],
  ...[
    '\x1b]0;title\x07',
    '\x1b]8;;http://x\x1b\\',
    '\x1b]52;c;aGk=\x1b\\',
    '\x1bP+q544e\x1b\\',
    '\x1b_Gq\x1b\\',
    '\x1bX',
  ],
  ...['\x1b]', '\x1bP', '\x80', '\xff', '\x9b', '\x1b[>4;2m', '\x1b[?2004$p', '\x1b[ q'],
]
const stream = fc.array(fc.oneof(fc.constantFrom(...WORDS), fc.string({ unit: 'binary', maxLength: 4 })), {
  maxLength: 40,
})

describe('the scanner', () => {
  test('any cut of a stream gives the same pieces', () => {
    void fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 12 }), (words, places) => {
        const bytes = Buffer.from(words.join(''))
        expect(pieces(cut(bytes, places))).toEqual(pieces([bytes]))
      }),
      { numRuns: 3000 },
    )
  })

  test('byte by byte too, and nothing is lost or changed', () => {
    void fc.assert(
      fc.property(stream, (words) => {
        const bytes = Buffer.from(`${words.join('')}\x1b\\ends`)
        const single = [...bytes].map((byte) => Buffer.of(byte))
        expect(pieces(single)).toEqual(pieces([bytes]))
        const all = pieces([bytes]).map((piece) => JSON.parse(piece.slice(piece.indexOf(': ') + 2)) as string)
        expect(Buffer.from(all.join(''), 'latin1')).toEqual(bytes)
      }),
      { numRuns: 1000 },
    )
  })

  test.each([
    ['text and a sequence', 'ab\x1b[1mcd', ['text: "ab"', 'sequence: "\\u001b[1m"', 'text: "cd"']],
    ['an OSC that BEL ends', '\x1b]0;t\x07x', ['string 93: "\\u001b]0;t\\u0007"', 'text: "x"']],
    ['an OSC that ST ends', '\x1b]0;t\x1b\\x', ['string 93: "\\u001b]0;t\\u001b\\\\"', 'text: "x"']],
    ['BEL inside a DCS', '\x1bPa\x07b\x1b\\', ['string 80: "\\u001bPa\\u0007b\\u001b\\\\"']],
    [
      'a string that another sequence breaks off',
      '\x1b]0;t\x1b[m',
      ['string 93: "\\u001b]0;t"', 'sequence: "\\u001b[m"'],
    ],
    ['a sequence that CAN breaks off', '\x1b[12\x18m', ['text: "\\u001b[12\\u0018m"']],
    ['a sequence inside a sequence', '\x1b[12\x1b[m', ['text: "\\u001b[12"', 'sequence: "\\u001b[m"']],
  ])('%s', (_, text, wanted) => {
    expect(pieces([Buffer.from(text)])).toEqual(wanted)
  })

  test('a long string is passed on in parts, and nothing may come between them', () => {
    const parts: boolean[] = []
    const scanner = new VtScanner({
      text: () => parts.push(true),
      sequence: () => parts.push(true),
      string: (_bytes, _start, _end, _kind, last) => parts.push(last),
    })
    scanner.scan(Buffer.from(`\x1b]52;c;${'A'.repeat(20_000)}`))
    expect(scanner.isBetween).toBe(false)
    scanner.scan(Buffer.from('AAAA\x1b'))
    expect(scanner.isBetween).toBe(false)
    scanner.scan(Buffer.from('\\'))
    expect(parts).toEqual([false, false, true])
    expect(scanner.isBetween).toBe(true)
  })

  test.each([
    ['a', true],
    ['é', true],
    ['\xc3', false],
    ['\xe6\xbc', false],
    ['\xf0\x9f\x91', false],
    ['\xf0\x9f\x91\xa9', true],
    ['\x1b', false],
    ['\x1b[3', false],
    ['\x1b]0;t', false],
  ])('after %j something may be written in between: %s', (bytes, wanted) => {
    const scanner = new VtScanner({ text() {}, sequence() {}, string() {} })
    for (const byte of Buffer.from(bytes, bytes === 'é' ? 'utf8' : 'latin1')) scanner.scan(Buffer.of(byte))
    expect(scanner.isBetween).toBe(wanted)
  })
})
