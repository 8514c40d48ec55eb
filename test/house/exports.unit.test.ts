import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { CHECKOUT } from '../support/installed.ts'
import { withoutComments } from '../support/source.ts'

const EXPORTED =
  /^export (?:declare )?(?:async )?(?:abstract )?(?:function\*?|const|let|class|interface|type|enum) (\w+)/gm
const LISTED = /^export (?:type )?\{([^}]*)\}/gm
const STATIC = /^\s*(?:import|export)\s+(?:type\s)?([^'"`;=()]*?)\bfrom\s*['"](\.[^'"]+)['"]/gm
const DYNAMIC = /\bimport\(\s*['"](\.[^'"]+)['"]/g

/** Path → text without comments. */
type Sources = ReadonlyMap<string, string>

function sources(): Sources {
  const files = globSync('{src,commands,bin,scripts,bench,test}/**/*.{ts,tsx,mjs}', { cwd: CHECKOUT })
  const read = (file: string) => readFileSync(join(CHECKOUT, file), 'utf8')
  return new Map(files.map((file) => [file, withoutComments(read(file))]))
}

/** `a, type b, c as d` → the names on the side that counts: what is asked for (0) or what it is called here (-1). */
function names(list: string, side: 0 | -1): string[] {
  return list.split(',').flatMap((part) => {
    const name = part
      .trim()
      .replace(/^type\s+/, '')
      .split(/\s+as\s+/)
      .at(side)
    return name ? [name] : []
  })
}

/** `file:name` of all that another file asks for. Every word of a file counts where it imports a file dynamically. */
function asked(all: Sources): Set<string> {
  const found = new Set<string>()
  for (const [file, text] of all) {
    const target = (specifier = '') => join(dirname(file), specifier)
    for (const [, clause = '', specifier] of text.matchAll(STATIC)) {
      if (clause.includes('*')) found.add(`${target(specifier)}:*`)
      for (const name of names(/\{([^}]*)\}/.exec(clause)?.[1] ?? '', 0))
        found.add(`${target(specifier)}:${name}`)
    }
    for (const [, specifier] of text.matchAll(DYNAMIC))
      for (const [word] of text.matchAll(/\b\w+\b/g)) found.add(`${target(specifier)}:${word}`)
  }
  return found
}

function unasked(all: Sources): string[] {
  const found = asked(all)
  return [...all].flatMap(([file, text]) => {
    if (!file.startsWith('src/') || found.has(`${file}:*`)) return []
    const declared = [...text.matchAll(EXPORTED)].map(([, name = '']) => name)
    const listed = [...text.matchAll(LISTED)].flatMap(([, list = '']) => names(list, -1))
    return [...declared, ...listed].map((name) => `${file}:${name}`).filter((one) => !found.has(one))
  })
}

test('what a file exports, another file asks for', () => {
  expect(unasked(sources())).toEqual([])
})

test('control: an export that nobody asks for is found, the others are not', () => {
  const all = new Map([
    [
      'src/a.ts',
      'export const one = 1\nexport type Two = 2\nexport async function three() {}\nexport { x as four }',
    ],
    ['src/b.ts', "import { one, type Two } from './a.ts'"],
    ['src/c.ts', "const { three } = await import('./a.ts')"],
    ['src/d.ts', 'const four = 4'],
  ])
  expect(unasked(all)).toEqual(['src/a.ts:four'])
})
