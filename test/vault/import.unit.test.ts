import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { failureText } from '../../src/core/failure/words.ts'
import { render } from '../../src/core/grant/formats.ts'
import type { ImportFormat } from '../../src/core/vault/import.ts'
import { parseSecrets } from '../../src/core/vault/import.ts'

function read(format: ImportFormat, text: string | Buffer): Record<string, string> {
  const result = parseSecrets(format, Buffer.from(text), 'F')
  if (!result.ok) throw new Error(failureText(result.error).message)
  return Object.fromEntries([...result.value].map(([name, value]) => [name, value.toString()]))
}

function why(format: ImportFormat, text: string | Buffer): string {
  const result = parseSecrets(format, Buffer.from(text), 'F')
  return result.ok ? 'no failure' : failureText(result.error).message
}

describe('dotenv', () => {
  it('reads quotes, export, comments, several lines and CRLF', () => {
    const text = [
      '\uFEFF# a comment',
      'PLAIN=a b  # comment',
      'HASH=a#b',
      'FIRST=#1secret!',
      "ANSI=$'a\\nb\\t\\x41\\101\\u20ac\\'\\\\' # comment",
      'export EXPORTED = x',
      'SINGLE=\'a $b \\n "c"\' # comment',
      'DOUBLE="a\\nb\\t\\"c\\" $ \\\\x"',
      'EMPTY=',
      'QUOTED_EMPTY=""',
      "SHELL_STYLE='it'\\''s'",
      'EQUALS=a=b==',
      'PEM="-----BEGIN-----\nabc\n-----END-----"',
      '',
    ].join('\r\n')
    expect(read('dotenv', text)).toEqual({
      PLAIN: 'a b',
      HASH: 'a#b',
      FIRST: '#1secret!',
      ANSI: "a\nb\tAA€'\\",
      EXPORTED: 'x',
      SINGLE: 'a $b \\n "c"',
      DOUBLE: 'a\nb\t"c" $ \\x',
      EMPTY: '',
      QUOTED_EMPTY: '',
      SHELL_STYLE: "it's",
      EQUALS: 'a=b==',
      PEM: '-----BEGIN-----\nabc\n-----END-----',
    })
  })

  it.each([
    ['A=1\nnothing-here\n', 'F:2: not right for dotenv: NAME=value is expected'],
    ['A=1\n\nA=2\n', 'F:3: not right for dotenv: A is there twice'],
    ["A=1\nB='x\n\n", 'F:2: not right for dotenv: a quote is not closed'],
    ['A="x" y\n', 'F:1: not right for dotenv: text follows the closing quote'],
    ['A=`x`\n', 'F:1: not right for dotenv: a backtick outside of quotes; put the value in single quotes'],
    [
      'A=1\nB=C:\\x\n',
      'F:2: not right for dotenv: a backslash outside of quotes; put the value in single quotes',
    ],
    ["A=it's\n", 'a quote outside of quotes'],
    ['A=x$' + '{B}\n', 'what some readers replace ($NAME) outside of quotes'],
    ['A=$(id)\n', 'what some readers replace'],
    ['A=$NAME\n', 'what some readers replace'],
    ['A="x $NAME"\n', 'what some readers replace ($NAME) in double quotes; put the value in single quotes'],
    ['A="C:\\Users"\n', 'a backslash before this character in double quotes'],
    ['A="`id`"\n', 'a backtick in double quotes'],
    ['A="x"# y\n', 'text follows the closing quote'],
    ["A='x\r\ny'\n", 'a line end of Windows (CR LF) inside of quotes'],
    ['A= # x\n', 'a value or a comment?'],
    ["A=$'\\0'\n", "this escape in $'…' is not read"],
    ["A=$'x\n", 'a quote is not closed'],
    ['1A=x\n', 'F:1: not right for dotenv: NAME=value is expected'],
    [`${'A'.repeat(129)}=x\n`, 'F:1: not right for dotenv: a name must be letters'],
  ])('refuses %j', (text, message) => {
    expect(why('dotenv', text)).toContain(message)
  })

  it('reads what bash writes with printf %q, byte for byte, or refuses it', () => {
    const text = fc.string({
      unit: fc.constantFrom("'", '\n', '\t', '\\', '$', '#', ' ', 'é', '\x01', 'n'),
      maxLength: 12,
    })
    const values: string[] = fc.sample(text, 300)
    const written = execFileSync('bash', [
      '-c',
      'for v in "$@"; do printf "A=%q\\0" "$v"; done',
      'sh',
      ...values,
    ])
    let read_ = 0
    for (const [index, line] of written.toString().split('\0').slice(0, -1).entries()) {
      const result = parseSecrets('dotenv', Buffer.from(`${line}\n`), 'F')
      if (!result.ok) continue
      read_++
      expect(result.value.get('A')?.toString(), line).toBe(values[index])
    }
    expect(read_).toBeGreaterThan(50)
  })

  it('keeps bytes that are not UTF-8', () => {
    const result = parseSecrets('dotenv', Buffer.from('A="\xff\xfe"\n', 'latin1'), 'F')
    expect(result.ok && result.value.get('A')).toEqual(Buffer.from([0xff, 0xfe]))
  })

  it('reads back what the dotenv format writes, as a shell does', async () => {
    const text = fc
      .string({ unit: 'binary', maxLength: 60 })
      .filter((s) => !s.includes('\0') && s.isWellFormed())
    const special = fc.string({
      unit: fc.constantFrom("'", '"', '\\', '$', '`', '!', '\n', ' ', '#', 'n', 'a'),
      maxLength: 12,
    })
    const seen: string[] = []
    await fc.assert(
      fc.property(fc.oneof(text, special), (value) => {
        seen.push(value)
        const rendered = render('dotenv', [['X', Buffer.from(value)]])
        expect(rendered.ok).toBe(true)
        if (rendered.ok) expect(read('dotenv', rendered.value)).toEqual({ X: value })
      }),
      { numRuns: 500 },
    )
    const all = render(
      'dotenv',
      seen.map((value, i) => [`V${i}`, Buffer.from(value)] as const),
    )
    if (!all.ok) throw new Error('render failed')
    const names = seen.map((_, i) => `"$V${i}"`).join(' ')
    const printed = execFileSync('sh', ['-s'], {
      input: Buffer.concat([all.value, Buffer.from(`printf '%s\\0' ${names}\n`)]),
    })
    expect(printed.toString()).toBe(seen.map((value) => `${value}\0`).join(''))
  })
})

describe('json', () => {
  it('reads texts, numbers as they are written, and booleans', () => {
    const text =
      '\uFEFF{\r\n\t"A": "x\\ny\\u20ac\\ud83d\\ude00\\/",\n\t"BIG": 12345678901234567890, "F": 1.50, "T": true, "E": "" }'
    expect(read('json', text)).toEqual({
      A: 'x\ny€😀/',
      BIG: '12345678901234567890',
      F: '1.50',
      T: 'true',
      E: '',
    })
  })
  it.each([
    ['[]', 'one mapping'],
    ['"x"', 'one mapping'],
    ['', 'one mapping'],
    ['{"A": SECRET}', 'not valid JSON'],
    ["{'A': 'SECRET'}", 'not valid JSON'],
    ['{"A": "SECRET"', 'this is not valid YAML'],
    ['{"A": null}', 'A has no value'],
    ['{"A": {"B": 1}}', 'A is a list or a mapping'],
    ['{"A": 1,\n"A": 2}', 'F:2: not right for json: a key is there twice'],
    ['{"a-b": 1}', 'a name must be'],
    ['{"A": "\\ud800"}', 'half of a Unicode surrogate pair'],
    ['['.repeat(100_000), 'nested deeper'],
  ])('refuses %.20j', (text, message) => {
    expect(why('json', text)).toContain(message)
    expect(why('json', text)).not.toContain('SECRET')
  })
  it('refuses bytes that are not UTF-8', () => {
    expect(why('json', Buffer.from('{"A": "\xff"}', 'latin1'))).toContain('not UTF-8')
  })
})

describe('yaml', () => {
  it('reads texts and keeps numbers and booleans as they are written', () => {
    expect(read('yaml', 'A: x\nOCT: 0123\nB: no\nQ: "null"\nP: |\n  a\n  b\n')).toEqual({
      A: 'x',
      OCT: '0123',
      B: 'no',
      Q: 'null',
      P: 'a\nb\n',
    })
  })
  it.each([
    ['A:\n', 'A has no value'],
    ['A: ~\n', 'A has no value'],
    ['A: [SECRET]\n', 'A is a list or a mapping'],
    ['A: *SECRET\n', 'aliases'],
    ['B: x\nA: !!binary |\n  /wD+\n', 'F:2: not right for yaml: tags'],
    ['A: @SECRET\n', 'not valid YAML'],
    ['A: "SECRET\n', 'not valid YAML'],
    ['A: 1\nA: 2\n', 'a key is there twice'],
  ])('refuses %j', (text, message) => {
    expect(why('yaml', text)).toContain(message)
    expect(why('yaml', text)).not.toContain('SECRET')
  })
})

it('never throws, whatever the bytes, and says nothing of them', async () => {
  const piece = fc.constantFrom(
    'A',
    '=',
    '"',
    "'",
    '\n',
    '\r',
    '#',
    ' ',
    '\\',
    '{',
    '}',
    ':',
    ',',
    '[',
    '&',
    '*',
    '!',
    '\0',
    'export ',
  )
  const input = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.from(pieces.join(''))),
  )
  await fc.assert(
    fc.property(fc.constantFrom<ImportFormat>('dotenv', 'json', 'yaml'), input, (format, bytes) => {
      const result = parseSecrets(format, bytes, 'F')
      expect(result.ok || result.error.reason === 'bad-import').toBe(true)
    }),
    { numRuns: 2_000 },
  )
})
