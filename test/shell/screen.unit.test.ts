/**
 * A program behind the session shows on a terminal what it shows on a bare one that is a row smaller: the same rows,
 * the same cursor, the same scrollback. Programs are made up from what programs send.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { until } from '../support/until.ts'
import { COLS, FOOTER, lines, ROWS, rig, settled } from './screen-rig.ts'

describe('in scroll mode', () => {
  test.each<[string, string[]]>([
    ['a few lines', [lines(1, 3)]],
    ['lines that scroll away', [lines(1, 50)]],
    ['a line that wraps', ['x'.repeat(100)]],
    ['clear', [lines(1, 20), '\x1b[H\x1b[2J\x1b[3J', 'prompt> ']],
    ['clear, as Ink does it', [lines(1, 20), '\x1b[r\x1b[2J\x1b[H', 'top']],
    ['erase below', [lines(1, 20), '\x1b[4;1H\x1b[J', 'here']],
    [
      'a row that is not there',
      ['\x1b[999;999H', 'end', '\x1b[99d', 'x', '\x1b[88;3f', 'y', '\x1b[2;2H\x1b[77e', 'z'],
    ],
    ['a scroll region', [lines(1, 20), '\x1b[2;5r', '\x1b[5;1H', lines(30, 35), '\x1b[r', lines(40, 45)]],
    ['a scroll region too large', ['\x1b[1;999r', '\x1b[999;1H', lines(1, 9)]],
    [
      "apt's progress bar",
      [
        lines(1, 20),
        '\n\x1b7\x1b[0;7r\x1b8\x1b[1A',
        lines(21, 25),
        '\x1b7\x1b[8;0f[##..]\x1b8',
        lines(26, 30),
        '\x1b7\x1b[0;8r\x1b8',
      ],
    ],
    ['a soft reset', [lines(1, 20), '\x1b[!p', lines(21, 30)]],
    ['a full reset', [lines(1, 20), '\x1bc', lines(21, 40)]],
    ['reverse index at the top', [lines(1, 3), '\x1b[H\x1bM', 'above']],
    ['insert and delete lines', [lines(1, 20), '\x1b[2;1H\x1b[2L', '\x1b[5;1H\x1b[M', '\x1b[S', '\x1b[T']],
    [
      'save and restore the cursor',
      [lines(1, 3), '\x1b7\x1b[1;1Hhome\x1b8', 'back', '\x1b[s\x1b[2;2Hhere\x1b[u', 'again'],
    ],
    ['wide characters and emoji', ['漢字漢字\r\n', '👍 ok\r\n', 'e\u0301']],
    ['colours', ['\x1b[1;31mred\x1b[0m \x1b[38;5;99m99\x1b[48;2;1;2;3mrgb\x1b[0m']],
  ])('%s', (_, chunks) => {
    const one = rig()
    one.feed(...chunks)
    expect(one.seen()).toEqual(one.wanted())
    one.feed('')
    expect(one.footer()).toBe(FOOTER)
    expect(one.outer.cells().slice(0, -1)).toEqual(one.bare.cells())
  })

  // With \r before what draws the footer anew: behind the last column xterm.js forgets in DECRC that the next character
  // wraps, other terminals (xterm, VTE, tmux) do not.
  const word = fc.oneof(
    fc.constantFrom('a', 'word ', '漢', '\r\n', '\r\n', '\n', '\r', '\b', '\t', 'x'.repeat(30)),
    fc.constantFrom(
      '\r\x1b[J',
      '\r\x1b[2J',
      '\x1b[K',
      '\x1b[H',
      '\r\x1b[!p',
      '\x1bc',
      '\x1b[r',
      '\x1b[L',
      '\x1b[M',
    ),
    fc.constantFrom('\x1b[31m', '\x1b[0m', '\x1b[7m', '\x1bM', '\x1b[?25l', '\x1b[S', '\x1b[P', '\x1b[@'),
    fc.tuple(fc.nat(12), fc.nat(50), fc.constantFrom('H', 'f')).map(([y, x, f]) => `\x1b[${y};${x}${f}`),
    fc.tuple(fc.nat(12), fc.constantFrom('A', 'C', 'D', 'G', 'd')).map(([n, f]) => `\x1b[${n}${f}`),
  )
  test('whatever a program sends, in whatever pieces', () => {
    void fc.assert(
      fc.property(
        fc.array(word, { maxLength: 60 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        (words, places) => {
          const bytes = Buffer.from(words.join(''))
          const cuts = [...new Set(places.map((n) => n % (bytes.length + 1)))].sort((a, b) => a - b)
          const one = rig()
          one.feed(...[0, ...cuts].map((start, i) => bytes.subarray(start, cuts[i] ?? bytes.length)))
          expect(one.seen()).toEqual(one.wanted())
          one.screen.end()
        },
      ),
      { numRuns: 1500 },
    )
  })

  test('the size is told without the footer', () => {
    const one = rig()
    one.feed('\x1b[18t')
    expect(one.replies).toBe(`\x1b[8;${ROWS - 1};${COLS}t`)
    one.feed('\x1b[999;999H\x1b[6n')
    expect(one.outer.answers).toBe(`\x1b[${ROWS - 1};${COLS}R`)
  })

  test('the footer waits while a program has a cursor position saved', () => {
    const one = rig()
    one.feed(`${lines(1, 3)}\x1b7`)
    one.now += 10
    one.screen.feed(Buffer.from('\x1b[1;1H'))
    one.screen.refresh()
    one.screen.feed(Buffer.from('\x1b8back'))
    expect(one.outer.rows()[3]).toBe('back')
  })

  test('nothing is drawn into the middle of a character or a sequence', () => {
    const one = rig()
    const before = one.outer.raw.length
    one.screen.feed(Buffer.from('\xe6\xbc', 'latin1'))
    one.screen.refresh()
    one.screen.feed(Buffer.from('\xa2', 'latin1'))
    expect(one.outer.rows()[0]).toBe('漢')
    one.screen.feed(Buffer.from('\x1b]0;ti'))
    one.screen.refresh()
    one.screen.feed(Buffer.from('tle\x07'))
    expect(one.outer.raw.slice(before)).toContain('\x1b]0;title\x07')
  })

  test.each([
    '\x1b]52;c;aGk=\x07',
    '\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\',
    '\x1b]2;title\x07',
    '\x1b[>1u',
    '\x1b[?1003;1006h',
    '\x1b[?2004h',
    '\x1bP+q544e\x1b\\',
    '\x1b[c',
  ])('goes through as it is: %j', (bytes) => {
    const one = rig()
    const before = one.outer.raw.length
    one.screen.feed(Buffer.from(bytes))
    expect(one.outer.raw.slice(before)).toBe(bytes)
  })
})

describe('in the alternate screen', () => {
  test.each<[string, string[]]>([
    ['rows and the cursor', ['\x1b[H', 'first', '\x1b[8;1Hlast', '\x1b[3;4H']],
    ['a region, and what scrolls in it', ['\x1b[2;5r\x1b[5;1H', lines(1, 9), '\x1b[r']],
    ['the last column', ['\x1b[1;1H', 'x'.repeat(COLS), '\x1b[2;1H', 'y'.repeat(COLS - 1)]],
    ['colours to the end of a row', ['\x1b[44m\x1b[2J\x1b[1;1Hblue\x1b[0m']],
    ['erasing', [lines(1, 30), '\x1b[3;3H\x1b[J', '\x1b[2;2H\x1b[1K']],
    ['wide characters', ['\x1b[1;1H漢字', '\x1b[2;2H字', '\x1b[2;3Hx']],
    ['box drawing by charset', ['\x1b(0lqqk\x1b(B plain']],
    ['a soft reset', ['\x1b[2;4r\x1b[!p', lines(1, 20)]],
  ])('%s', async (_, chunks) => {
    const one = rig()
    one.feed(lines(1, 12), '\x1b[?1049h\x1b[H')
    expect(one.outer.isAlternate).toBe(true)
    one.feed(...chunks)
    await settled(one)
    expect(one.outer.cells().slice(0, -1)).toEqual(one.bare.cells())
    expect(one.footer()).toBe(FOOTER)
    one.feed('\x1b[?1049l', 'after\r\n')
    expect(one.outer.isAlternate).toBe(false)
    expect(one.seen()).toEqual(one.wanted())
    expect(one.footer()).toBe(FOOTER)
  })

  test.each<[string, string, string]>([
    ['mouse and paste', '\x1b[?1002;1006;2004h', '\x1b[?1002;1006;2004h'],
    ['a title', '\x1b]2;title\x07', '\x1b]2;title\x07'],
    [
      'the clipboard, however long',
      `\x1b]52;c;${'QUJD'.repeat(5000)}\x07`,
      `\x1b]52;c;${'QUJD'.repeat(5000)}\x07`,
    ],
    ["kitty's keyboard", '\x1b[>5u', '\x1b[>5u'],
    ['questions', '\x1b[c\x1b[>q\x1b[?2026$p\x1b]11;?\x07', '\x1b[c\x1b[>q\x1b[?2026$p\x1b]11;?\x07'],
    ["the cursor's shape", '\x1b[5 q', '\x1b[5 q'],
    ['the bell', 'a\x07b', '\x07'],
    ['DECRQSS and XTGETTCAP', '\x1bP$qm\x1b\\\x1bP+q544e\x1b\\', '\x1bP$qm\x1b\\\x1bP+q544e\x1b\\'],
  ])('%s goes to the terminal', (_, bytes, wanted) => {
    const one = rig()
    one.feed('\x1b[?1049h')
    const before = one.outer.raw.length
    one.screen.feed(Buffer.from(bytes))
    expect(one.outer.raw.slice(before)).toContain(wanted)
  })

  test("the cursor's place is the program's own", () => {
    const one = rig()
    one.feed('\x1b[?1049h\x1b[3;7H')
    one.screen.feed(Buffer.from('\x1b[6n'))
    expect(one.replies).toBe('\x1b[3;7R')
  })

  test('links keep their address', async () => {
    const one = rig()
    one.feed('\x1b[?1049h\x1b[H\x1b]8;;https://example.org/a\x1b\\link\x1b]8;;\x1b\\ text')
    await settled(one)
    expect(one.outer.raw).toContain('\x1b]8;;https://example.org/a\x1b\\')
    expect(one.outer.raw).toMatch(/link(?:\x1b\[0m)?\x1b\]8;;\x1b\\/)
  })

  test('a synchronized update is drawn as one', async () => {
    const one = rig()
    one.feed('\x1b[?1049h')
    await settled(one)
    const before = one.outer.raw.length
    one.screen.feed(Buffer.from('\x1b[?2026h\x1b[Hhalf'))
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(one.outer.raw.slice(before)).not.toContain('half')
    one.screen.feed(Buffer.from(' whole\x1b[?2026l'))
    await until(() => one.outer.rows()[0] === 'half whole')
    expect(one.outer.rows()[0]).toBe('half whole')
  })

  const word = fc.oneof(
    fc.constantFrom(
      'a',
      'word ',
      '漢',
      '👍',
      '\r\n',
      '\n',
      '\b',
      'x'.repeat(30),
      '\x1b[1m',
      '\x1b[0m',
      '\x1b[45m',
      '\x1b[4:3m',
    ),
    fc.constantFrom(
      '\x1b[J',
      '\x1b[2J',
      '\x1b[K',
      '\x1b[1K',
      '\x1b[2;6r',
      '\x1b[r',
      '\x1b[L',
      '\x1b[M',
      '\x1bM',
      '\x1bD',
      '\x1b7',
      '\x1b8',
      '\x1b[!p',
    ),
    fc.tuple(fc.nat(12), fc.nat(50)).map(([y, x]) => `\x1b[${y};${x}H`),
  )
  test('whatever a program draws', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 60 }), async (words) => {
        const one = rig()
        one.feed('\x1b[?1049h\x1b[H', ...words.filter((w) => w !== '👍'))
        await settled(one)
        one.feed('\x1b[?1049l')
        one.screen.end()
      }),
      { numRuns: 100 },
    )
  })
})
