import { describe, expect, test } from 'vitest'
import { until } from '../support/until.ts'
import { COLS, FOOTER, lines, ROWS, rig, settled } from './screen-rig.ts'

describe('a new size', () => {
  test.each([
    ['taller', COLS, ROWS + 5],
    ['shorter', COLS, ROWS - 3],
    ['wider', COLS + 20, ROWS],
    ['narrower', COLS - 12, ROWS],
  ])('%s: one footer, at the bottom; the prompt stays', (_, cols, rows) => {
    const one = rig()
    one.feed(lines(1, 30), 'prompt> ')
    one.outer.resize(cols, rows)
    one.screen.resize({ cols, rows })
    expect(one.outer.rows().filter((row) => row === FOOTER)).toHaveLength(1)
    expect(one.footer()).toBe(FOOTER)
    expect(
      one.outer
        .rows()
        .filter((row) => row.trim() !== '')
        .at(-2),
    ).toBe('prompt>')
    one.screen.feed(Buffer.from(`\r\n${lines(31, 60)}`))
    expect(one.outer.rows().at(-3)).toBe('line 60')
    expect(one.footer()).toBe(FOOTER)
  })

  test('in the alternate screen the program draws it anew', async () => {
    const one = rig()
    one.feed('\x1b[?1049h\x1b[Hfirst\x1b[8;1Hlast')
    one.outer.resize(60, 20)
    one.screen.resize({ cols: 60, rows: 20 })
    expect(one.screen.inner).toEqual({ cols: 60, rows: 19 })
    one.screen.feed(Buffer.from('\x1b[2J\x1b[19;1Hbottom'))
    await until(() => one.outer.rows()[18] === 'bottom' && one.footer() === FOOTER)
    expect([one.outer.rows()[18], one.footer()]).toEqual(['bottom', FOOTER])
  })

  test('too small for a footer: there is none, and it comes back', () => {
    const one = rig()
    one.outer.resize(COLS, 3)
    one.screen.resize({ cols: COLS, rows: 3 })
    expect(one.screen.inner.rows).toBe(3)
    one.screen.feed(Buffer.from(lines(1, 9)))
    expect(one.outer.rows()).toEqual(['line 8', 'line 9', ''])
    one.outer.resize(COLS, ROWS)
    one.screen.resize({ cols: COLS, rows: ROWS })
    expect(one.footer()).toBe(FOOTER)
  })
})

describe('at the end', () => {
  const MODES = '\x1b[?1h\x1b=\x1b[?1003;1006h\x1b[?2004h\x1b[?25l\x1b[>5u\x1b[5 q\x1b[>4;2m\x1b[?1004h'
  const UNDONE = [
    '\x1b[?1l',
    '\x1b>',
    '\x1b[?1003l',
    '\x1b[?1006l',
    '\x1b[?2004l',
    '\x1b[?25h',
    '\x1b[<1u',
    '\x1b[0 q',
    '\x1b[>4m',
    '\x1b[?1004l',
  ]

  test.each(['', '\x1b[?1049h'])('what is remembered puts everything back, after %j', (screen) => {
    const one = rig()
    one.feed(lines(1, 30), 'prompt> ', `${screen}${MODES}`)
    const { restore } = one
    for (const part of [...UNDONE, ...(screen === '' ? [] : ['\x1b[?1049l'])]) expect(restore).toContain(part)
    one.outer.write(restore)
    expect(one.outer.isAlternate).toBe(false)
    expect(one.outer.rows().filter((row) => row === FOOTER)).toEqual([])
    one.outer.write(`\r\n${lines(1, 20)}`)
    expect(one.outer.rows().at(-2)).toBe('line 20') // the last row scrolls again
  })

  test('what was switched off again is not undone', () => {
    const one = rig()
    const before = one.restore
    one.feed('\x1b[?2004h\x1b[?1000h\x1b[>1u', '\x1b[?2004l\x1b[?1000l\x1b[<u')
    expect(one.restore).toBe(before)
  })

  test('an end leaves nothing to restore, and the cursor behind the last output', () => {
    const one = rig()
    one.feed(lines(1, 30), 'prompt> exit\r\n')
    one.screen.end()
    expect(one.restore).toBe('')
    one.outer.write('next')
    expect(one.outer.rows().slice(-3)).toEqual(['prompt> exit', 'next', ''])
  })
})

describe('while another program has the terminal', () => {
  test('modes are off meanwhile and on again afterwards', () => {
    const one = rig()
    one.feed(lines(1, 30), 'prompt> \x1b[?2004h\x1b[?1000h')
    const before = one.outer.raw.length
    one.screen.suspend()
    expect(one.outer.raw.slice(before)).toContain('\x1b[?2004l')
    one.outer.write('something else')
    one.screen.resume({ cols: COLS, rows: ROWS })
    expect(one.outer.raw.slice(before)).toMatch(/\x1b\[\?2004h.*\x1b\[\?1000h/s)
    expect(one.seen()).toEqual(one.wanted())
    expect(one.footer()).toBe(FOOTER)
  })

  test('in the alternate screen too, even when the other one leaves it', async () => {
    const one = rig()
    one.feed(lines(1, 12), '\x1b[?1049h\x1b[Hfirst\x1b[8;1Hlast')
    await settled(one)
    one.screen.suspend()
    one.outer.write('\x1b[?1049hdashboard\x1b[?1049l')
    one.screen.resume({ cols: COLS, rows: ROWS })
    await settled(one)
    one.feed('\x1b[?1049l')
    expect(one.seen()).toEqual(one.wanted())
  })
})
