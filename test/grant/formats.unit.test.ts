import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { failureText } from '../../src/core/failure/words.ts'
import type { BindFormat } from '../../src/core/grant/formats.ts'
import { BIND_FORMATS, render } from '../../src/core/grant/formats.ts'
import { need, sayWhy } from '../support/tools.ts'

function text(format: BindFormat, ...values: [string, string | Buffer][]): string {
  const result = render(
    format,
    values.map(([key, value]) => [key, Buffer.from(value as string)] as const),
  )
  if (!result.ok) throw new Error(failureText(result.error).message)
  return result.value.toString()
}

function why(format: BindFormat, ...values: [string, string | Buffer][]): string {
  const result = render(
    format,
    values.map(([key, value]) => [key, Buffer.from(value as string)] as const),
  )
  return result.ok ? 'no failure' : failureText(result.error).message
}

/** Well-formed text full of what the formats treat specially. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => value.isWellFormed()),
  fc.string({
    unit: fc.constantFrom(
      '$',
      '%',
      '{',
      '}',
      '"',
      '\\',
      '\n',
      '\r',
      '\t',
      '~',
      "'",
      'u',
      '0',
      'é',
      '\u2028',
      '\uFEFF',
      '\u0085',
      '\0',
      '\x7f',
      '😀',
    ),
    maxLength: 16,
  }),
)

describe('layouts', () => {
  const values: [string, string][] = [
    ['a', 'x"y'],
    ['b', 'p\nq'],
  ]
  it.each<[BindFormat, string]>([
    ['tfvars', 'a = "x\\"y"\nb = "p\\nq"\n'],
    ['json', '{\n  "a": "x\\"y",\n  "b": "p\\nq"\n}\n'],
    ['yaml', '"a": "x\\"y"\n"b": "p\\nq"\n'],
    ['dotenv', "a='x\"y'\nb='p\nq'\n"],
  ])('%s', (format, expected) => expect(text(format, ...values)).toBe(expected))

  it('raw is one value, byte for byte', () => {
    const bytes = Buffer.from([0, 0xff, 0x0d, 0x0a])
    const result = render('raw', [['x', bytes]])
    expect(result.ok && result.value.equals(bytes)).toBe(true)
    expect(result.ok && result.value !== bytes).toBe(true)
    expect(why('raw')).toContain('it takes one value, here are 0')
    expect(why('raw', ['a', ''], ['b', ''])).toContain('here are 2')
  })
})

describe('what a format can not hold is refused', () => {
  it.each(BIND_FORMATS.filter((format) => format !== 'raw'))('%s: bytes that are not UTF-8', (format) => {
    expect(why(format, ['a', Buffer.from([0x61, 0xc3])])).toContain('not UTF-8')
    expect(why(format, ['a', Buffer.from([0xed, 0xa0, 0x80])])).toContain('not UTF-8')
  })
  it('tfvars: text that terraform would normalise', () => {
    expect(why('tfvars', ['a', 'e\u0301'])).toContain('terraform would change it')
    expect(why('tfvars', ['a', 'é'])).toBe('no failure')
    expect(why('json', ['a', 'e\u0301'])).toBe('no failure')
  })
  it('tfvars and dotenv: keys that are no names', () => {
    for (const key of ['', '1a', 'a b', 'a=b', 'a\n', 'ä']) {
      expect(why('tfvars', [key, 'x'])).toContain("can't be delivered")
      expect(why('dotenv', [key, 'x'])).toContain("can't be delivered")
    }
    expect(why('dotenv', ['a-b', 'x'])).toContain('is not a name of a variable')
    expect(why('tfvars', ['a-b', 'x'])).toBe('no failure')
  })
  it('dotenv: NUL', () => expect(why('dotenv', ['a', 'x\0'])).toContain('NUL'))
})

describe('every value comes back', () => {
  it('json and yaml through their parsers', async () => {
    await fc.assert(
      fc.property(fc.array(anyText, { maxLength: 4 }), (values) => {
        const pairs = values.map((value, i): [string, string] => [`k${i}`, value])
        const expected = Object.fromEntries(pairs)
        expect(JSON.parse(text('json', ...pairs))).toEqual(expected)
        expect(parse(text('yaml', ...pairs)) ?? {}).toEqual(expected)
        expect(parse(text('yaml', ...pairs), { version: '1.1' }) ?? {}).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })

  const python = spawnSync('python3', ['-c', 'import yaml']).status === 0
  if (!python) sayWhy('python3 with PyYAML is not here: yaml is not checked with a second parser')
  it.skipIf(!python)('yaml through PyYAML', () => {
    const values = fc.sample(anyText, 400).map((value, i): [string, string] => [`k${i}`, value])
    const script = 'import sys,yaml,json;json.dump(yaml.safe_load(sys.stdin.buffer),sys.stdout)'
    const read = execFileSync('python3', ['-c', script], { input: text('yaml', ...values) })
    expect(JSON.parse(read.toString())).toEqual(Object.fromEntries(values))
  })

  const terraform = need('terraform', 'that real terraform reads every tfvars value back')
  it.skipIf(!terraform)('tfvars through terraform console', () => {
    const fixed = [
      '',
      '$',
      '%',
      '${',
      '%{',
      '$${',
      '%%{',
      '$$$\x7ba}',
      '$\x7b"$\x7ba}"}',
      '%{ if true }',
      '\\u0041',
      '\\',
      '"',
      '\r\n',
      '\0',
    ]
    const drawn = fc.sample(
      anyText.filter((value) => value.normalize('NFC') === value),
      600,
    )
    const values = [...fixed, ...drawn]
    expect(values.length).toBeGreaterThan(500)
    const folder = mkdtempSync(join(tmpdir(), 'tfvars-'))
    try {
      writeFileSync(
        join(folder, 'main.tf'),
        values.map((_, i) => `variable "x${i}" { type = string }\n`).join(''),
      )
      writeFileSync(
        join(folder, 'x.auto.tfvars'),
        text('tfvars', ...values.map((value, i): [string, string] => [`x${i}`, value])),
      )
      const all = `jsonencode([${values.map((_, i) => `base64encode(var.x${i})`).join(', ')}])\n`
      const printed = execFileSync('terraform', ['console'], {
        cwd: folder,
        input: all,
        env: { ...process.env, CHECKPOINT_DISABLE: '1' },
      })
      const read: string[] = JSON.parse(JSON.parse(printed.toString()))
      expect(read.map((value) => Buffer.from(value, 'base64').toString())).toEqual(values)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
