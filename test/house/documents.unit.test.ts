/** What the documents say is there, is there. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { PROVIDER_NAMES, STORING_PROVIDERS } from '../../src/core/provider/registry.ts'
import { CHECKOUT } from '../support/installed.ts'

const DOCUMENTS = ['README.md', 'SECURITY.md', 'CHANGELOG.md', ...globSync('docs/**/*.md', { cwd: CHECKOUT })]
const read = (file: string): string => readFileSync(join(CHECKOUT, file), 'utf8')
const readme = read('README.md')
const manifest = JSON.parse(read('package.json'))

test('the README gives a reason for every package, and for no other', () => {
  const packages = Object.keys({
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.devDependencies,
  })
  const tables = readme.slice(readme.indexOf('## Packages'), readme.indexOf('## More'))
  const named = [...tables.matchAll(/^\| (`.+?) \|/gm)].flatMap((row) =>
    [...(row[1] ?? '').matchAll(/`([^`:]+)`(?!\))/g)].map((name) => name[1] ?? ''),
  )
  expect([...named].sort()).toEqual([...packages].sort())
})

test('the README names every command, and none that is not there', () => {
  const files = globSync('commands/**/*.ts', { cwd: CHECKOUT })
  const there = files.map((file) => file.replace(/^commands\/|(\/index)?\.ts$/g, '').replaceAll('/', ' '))
  const table = readme.slice(readme.indexOf('## Commands'), readme.indexOf('Machine use'))
  const missing = there.filter(
    (command) =>
      !['guide', 'revoke'].includes(command) && !command.split(' ').every((word) => table.includes(word)),
  )
  expect(missing).toEqual([])
  const words = [...readme.matchAll(/`?tazpod ([a-z]+)/g)].map((match) => match[1] ?? '')
  const verbs = new Set(there.map((command) => command.split(' ')[0]))
  const prose = ['keeps', 'is', 'for']
  expect(words.filter((word) => !verbs.has(word) && !prose.includes(word))).toEqual([])
})

test('the guide of providers has a row for each, and says which can be written to', () => {
  const guide = read('docs/guides/providers.md')
  const rows = [...guide.matchAll(/^\| `(\w+)` \|.*\| (.*) \|$/gm)]
  expect(rows.map((row) => row[1])).toEqual(PROVIDER_NAMES)
  const written = rows.filter((row) => row[2]?.includes('tazpod')).map((row) => row[1])
  expect(written).toEqual(STORING_PROVIDERS)
})

describe.each(DOCUMENTS)('%s', (file) => {
  test('links to files that exist', () => {
    const links = [...read(file).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] ?? '')
    expect(links.filter((link) => !existsSync(join(CHECKOUT, dirname(file), link)))).toEqual([])
  })

  test('names npm scripts that exist', () => {
    const scripts = [...read(file).matchAll(/npm run ([a-z:]+)/g)].map((match) => match[1] ?? '')
    expect(scripts.filter((script) => !(script in manifest.scripts))).toEqual([])
  })
})
