import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CHECKOUT } from '../support/installed.ts'
import { withoutComments } from '../support/source.ts'

/** The rooms that are told what they need: environment, folder, voice, and what a person asked for. */
const INNER = globSync('src/{,castle/,sops/}{core,app}/**/*.ts', { cwd: CHECKOUT })
const OUTER = globSync('{commands,src/cli,src/castle/cli,src/sops/cli}/**/*.ts', { cwd: CHECKOUT })

/** Flags whose name can be no other word: `'own-vault': boolean(…)`. */
const FLAGS = new Set(
  OUTER.flatMap((file) => [...read(file).matchAll(/'([a-z]+(?:-[a-z]+)+)':/g)].map((m) => m[1])),
)

function read(file: string): string {
  return readFileSync(join(CHECKOUT, file), 'utf8')
}

/** The line numbers with what these rooms may not look up themselves. Words for a person may name a flag: `--force`. */
function lookedUp(text: string): string[] {
  return withoutComments(text)
    .split('\n')
    .flatMap((bare, index) => {
      const names = [...bare.matchAll(/'([a-z-]+)'(?:\]|\?:|: *\w)/g)].filter((match) => FLAGS.has(match[1]))
      return /\b(?:process|console)\./.test(bare) || names.length > 0 ? [`${index + 1}: ${bare.trim()}`] : []
    })
}

test('core and app look nothing up in the process, print nothing and know no flag', () => {
  expect(INNER.length).toBeGreaterThan(100)
  expect(FLAGS.size).toBeGreaterThan(10)
  expect(INNER.flatMap((file) => lookedUp(read(file)).map((line) => `${file}:${line}`))).toEqual([])
})

test.each([
  'const cwd = process.cwd()',
  "process.stderr.write('hm')",
  'console.log(1)',
  "if (flags['non-interactive']) return",
  "  'passphrase-fd'?: number",
])('control: it refuses %s', (line) => {
  expect(lookedUp(line)).toHaveLength(1)
})

test.each([
  "next: 'the same command with --non-interactive'",
  '// process.cwd()',
  '/** console.log() */',
  'const process = 1',
])('control: it allows %s', (line) => {
  expect(lookedUp(line)).toEqual([])
})
