/** Terraform code as data: positions, escapes, heredocs, and text that is none. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hclReader } from '../../src/castle/adapters/hcl.ts'
import { attribute, attributes, expressions, literal, textOf } from '../../src/castle/core/hcl.ts'
import { alignedLines, hclString } from '../../src/castle/core/hcl-text.ts'
import { need } from '../support/tools.ts'

const read = await hclReader()

test('blocks, labels, values and their places', () => {
  const { body, problems } = read(
    'provider "infisical" {\n  host = "https://é.x" # c\n  n = { "a-b" = [1, true, null] }\n}\n',
  )
  expect(problems).toEqual([])
  const [block] = body.blocks
  expect(block).toMatchObject({ type: 'provider', labels: ['infisical'] })
  const host = attribute(block!.body, 'host')
  expect(textOf(host)).toBe('https://é.x')
  expect(host?.span).toMatchObject({ line: 2, column: 10, endColumn: 23 })
  expect(literal(attribute(block!.body, 'n')!)).toEqual({ 'a-b': [1, true, null] })
})

test('references are found wherever they are: templates, heredocs, indexes, calls, for, splat, conditions', () => {
  const code = [
    'a = "x$' + '{var.a}"',
    'b = <<-EOT\n  $' + '{var.b} %{if var.c}y%{endif}\nEOT',
    'c = var.d[var.e].f',
    'd = try(var.g, lookup({}, var.h))',
    'e = [for k, v in var.i : v if var.j]',
    'f = { for k, v in var.k : k => v... }',
    'g = var.l[*].x',
    'h = var.m ? !var.n : -var.o + 1',
    'i = (var.p)',
    'j = { (var.q) = var.r }',
  ].join('\n')
  const found = new Set<string>()
  for (const { attribute: one } of attributes(read(code).body))
    for (const expr of expressions(one.value))
      if (expr.kind === 'ref' && expr.path[0] === 'var') found.add(expr.path[1]!)
  expect([...found].sort()).toEqual([...'abcdeghijklmnopqr'])
  expect(found.size).toBe(17)
})

test('CRLF and a byte order mark change nothing but the columns', () => {
  const { body, problems } = read('\uFEFFa = <<EOT\r\n  x: 1\r\nEOT\r\nb = 2\r\n')
  expect(problems).toEqual([])
  expect(body.attributes.map(({ name, span }) => [name, span.line])).toEqual([
    ['a', 1],
    ['b', 4],
  ])
})

test.each([
  ['an open brace', 'a {\n  b = 1\n'],
  ['no value', 'a =\n'],
  ['an open string', 'a = "x\n'],
  ['an open heredoc', 'a = <<EOT\nx\n'],
  ['prose', 'this is not terraform, at all.'],
])('text that is no HCL has a problem with a place: %s', (_, code) => {
  const { problems, body } = read(code)
  expect(problems.length).toBeGreaterThan(0)
  expect(problems[0]!.line).toBeGreaterThan(0)
  expect(body).toEqual({ attributes: [], blocks: [] })
})

test('nesting that no person writes is a problem and no crash', () => {
  const { problems } = read(`a = ${'['.repeat(50_000)}${']'.repeat(50_000)}`)
  expect(problems.length).toBeGreaterThan(0)
})

test('property: no text makes the reader throw', () => {
  void fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (code) => {
      expect(Array.isArray(read(code).problems)).toBe(true)
    }),
  )
})

/** The strings that break naive quoting, and any others. */
const hostile = fc.oneof(
  fc.constantFrom(
    '"',
    '\\',
    '$' + '{x}',
    '$$' + '{x}',
    '%{if}',
    '%%{',
    '$',
    '$' + '{',
    '\n',
    '\r\n',
    '\t',
    '"}\n}',
    "'",
    '#',
    '//',
    '/*',
    '<<EOT',
    '\u2028',
    '\u0085',
    '$$$' + '{a}"',
  ),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
)
const text = fc
  .array(hostile, { maxLength: 6 })
  .map((parts) => parts.join('').normalize('NFC').replaceAll('\0', ''))

test('property: our own reader gives back what hclString wrote', () => {
  void fc.assert(
    fc.property(text, (value) => {
      expect(textOf(read(`a = ${hclString(value)}\n`).body.attributes[0]?.value)).toBe(value)
    }),
  )
})

describe.skipIf(!need('terraform', 'what terraform reads from our strings'))('terraform', () => {
  test('reads exactly the text, for 300 hostile ones at once, and finds nothing to format', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tz-hcl-'))
    const env = { PATH: process.env.PATH ?? '', HOME: folder, CHECKPOINT_DISABLE: '1' }
    const terraform = (...args: string[]) =>
      spawnSync('terraform', args, { cwd: folder, env, encoding: 'utf8' })
    try {
      const values = fc.sample(text, 300)
      const lines = values.map((value, i): [string, string] => [`"k${i}"`, hclString(value)])
      writeFileSync(
        join(folder, 'main.tf'),
        `output "all" {\n  value = {\n${alignedLines(lines, '    ').join('\n')}\n  }\n}\n`,
      )
      expect(terraform('fmt', '-check', '-diff').stdout).toBe('')
      expect(terraform('apply', '-auto-approve', '-no-color').stderr).toBe('')
      const all = JSON.parse(terraform('output', '-json', 'all').stdout)
      expect(values.map((_, i) => all[`k${i}`])).toEqual(values)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
