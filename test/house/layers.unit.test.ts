import { globSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { CHECKOUT } from '../support/installed.ts'
import { withoutComments } from '../support/source.ts'

const LAYERS = ['core', 'adapters', 'app', 'cli'] as const

/**
 * Which rooms a room may import from, besides itself. A wing (`castle`, `sops`) has the layers of the house, and each of
 * them may use the layers of the house that its counterpart may use, and that one itself.
 */
const MAY: Record<string, readonly string[]> = {
  bin: ['src/cli'],
  commands: ['src/cli', 'src/tui', 'src/app', 'src/core', ...wing('castle'), ...wing('sops')],
  'src/tui': ['src/cli', 'src/app', 'src/adapters', 'src/core'],
  'src/cli': ['src/app', 'src/core'],
  'src/app': ['src/adapters', 'src/core'],
  'src/adapters': ['src/core'],
  'src/core': [],
  'src/castle/cli': ['src/castle/app', 'src/castle/core', 'src/cli', 'src/app', 'src/core'],
  'src/castle/app': ['src/castle/adapters', 'src/castle/core', 'src/app', 'src/adapters', 'src/core'],
  'src/castle/adapters': ['src/castle/core', 'src/adapters', 'src/core'],
  'src/castle/core': ['src/core'],
  // What leaves SOPS goes into a castle's store and code.
  'src/sops/cli': ['src/sops/app', 'src/sops/core', 'src/cli', 'src/app', 'src/core'],
  'src/sops/app': [
    ...['src/sops/adapters', 'src/sops/core', 'src/app', 'src/adapters', 'src/core'],
    ...['src/castle/app', 'src/castle/adapters', 'src/castle/core'],
  ],
  'src/sops/adapters': ['src/sops/core', 'src/adapters', 'src/core'],
  'src/sops/core': ['src/core', 'src/castle/core'],
}

function wing(name: string): string[] {
  return LAYERS.filter((layer) => layer !== 'adapters').map((layer) => `src/${name}/${layer}`)
}

/** From these, only types: the values come through the room between. */
const TYPES_ONLY: Record<string, readonly string[]> = {
  commands: ['src/core', 'src/castle/core', 'src/sops/core'],
  'src/tui': ['src/app'],
  'src/cli': ['src/app'],
  'src/castle/cli': ['src/castle/app', 'src/app'],
  'src/sops/cli': ['src/sops/app', 'src/app'],
}

/** Which packages a room may name. */
const PACKAGES: Record<string, readonly string[]> = {
  bin: ['@oclif/core'],
  commands: ['@oclif/core'],
  'src/cli': ['@oclif/core', '@oclif/plugin-help'],
  'src/tui': ['ink', 'react', '@xterm/headless'],
  'src/app': [],
  'src/adapters': [
    'age-encryption',
    'tmp-promise',
    '@napi-rs/keyring',
    '@infisical/sdk',
    'zod',
    'web-tree-sitter',
    '@noble/ciphers',
    'node-pty',
  ],
  'src/core': ['zod', 'yaml'],
}

/** Node's own modules that do no input or output: all that the pure room may use. */
const PURE_BUILTINS = ['node:buffer']

interface Import {
  file: string
  specifier: string
  typeOnly: boolean
  dynamic?: boolean
}

const ROOMS = Object.keys(MAY)
const FILES = ROOMS.flatMap((room) => globSync(`${room}/**/*.{ts,tsx}`, { cwd: CHECKOUT })).sort()
const SOURCES = new Map(FILES.map((file) => [file, readFileSync(join(CHECKOUT, file), 'utf8')]))
const IMPORTS = [...SOURCES].flatMap(([file, text]) => importsOf(file, text))

/** Static, re-exporting and dynamic imports. A dynamic one of something else than a literal is the specifier '?'. */
function importsOf(file: string, text: string): Import[] {
  const code = withoutComments(text)
  const found: Import[] = []
  for (const match of code.matchAll(
    /^\s*(?:import|export)\s+(type\s)?[^'"`;=()]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  )) {
    found.push({ file, specifier: match[2] ?? '', typeOnly: match[1] !== undefined })
  }
  for (const match of code.matchAll(/^\s*import\s*['"]([^'"]+)['"]/gm)) {
    found.push({ file, specifier: match[1] ?? '', typeOnly: false })
  }
  for (const match of code.matchAll(/\bimport\(\s*(?:(['"])([^'"]+)\1\s*\))?/g)) {
    const isType = /(?:typeof|[:<|&])\s*$/.test(code.slice(0, match.index))
    found.push({ file, specifier: match[2] ?? '?', typeOnly: isType, dynamic: true })
  }
  return found
}

function roomOf(path: string): string | undefined {
  return ROOMS.find((room) => path.startsWith(`${room}/`))
}

/** The layer of the house that a room of a wing is like. */
function houseOf(room: string): string {
  return room.replace(/^src\/(castle|sops)\//, 'src/')
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier)
}

function targetOf(one: Import): string {
  return relative(CHECKOUT, join(CHECKOUT, dirname(one.file), one.specifier))
}

function mistakes(imports: readonly Import[]): string[] {
  return imports.flatMap((one) => {
    const room = roomOf(one.file) ?? ''
    const say = (why: string): string[] => [`${one.file} imports ${one.specifier}: ${why}`]
    if (one.specifier === '?') return say('the name of a dynamic import must be a literal')
    if (one.specifier.startsWith('.')) {
      const target = roomOf(targetOf(one))
      if (target === room) return []
      if (target === undefined || !MAY[room]?.includes(target)) return say(`${room} may not import ${target}`)
      if (TYPES_ONLY[room]?.includes(target) && !one.typeOnly)
        return say(`${room} takes only types from ${target}`)
      return []
    }
    if (isBuiltin(one.specifier)) {
      if (!one.specifier.startsWith('node:')) return say('write node: in front')
      if (one.specifier === 'node:net') return say('only the native binary speaks to the socket')
      if (houseOf(room) === 'src/core' && !PURE_BUILTINS.includes(one.specifier))
        return say('core does no input or output')
      return []
    }
    return PACKAGES[houseOf(room)]?.includes(packageOf(one.specifier))
      ? []
      : say(`this package has no place in ${room}`)
  })
}

// oclif reads a missing argument from standard input, where a secret may be: see src/cli/arguments.ts.
test('commands take their arguments from src/cli/arguments.ts', () => {
  const others = IMPORTS.filter(({ specifier }) => /^@oclif\/core(\/args)?$/.test(specifier)).map(
    ({ file }) => file,
  )
  expect(others.filter((file) => file.startsWith('commands/'))).toEqual([])
})

test('every import goes to a room that may be imported', () => {
  expect(IMPORTS.length).toBeGreaterThan(FILES.length)
  expect(mistakes(IMPORTS)).toEqual([])
})

test.each([
  ['src/core/a.ts', "import { readFileSync } from 'node:fs'"],
  ['src/core/a.ts', "import { x } from '../adapters/paths.ts'"],
  ['src/core/a.ts', "const age = await import('age-encryption')"],
  ['src/app/a.ts', "import {\n  one,\n  two,\n} from '../cli/table.ts'"],
  ['src/app/a.ts', "import { z } from 'zod'"],
  ['src/app/a.ts', "export { x } from '../../commands/pull.ts'"],
  ['src/cli/a.ts', "import { x } from '../app/pull.ts'"],
  ['src/cli/a.ts', "import { x } from '../adapters/paths.ts'"],
  ['src/cli/a.ts', "import { x } from '../tui/run.tsx'"],
  ['src/tui/a.tsx', "import { pull } from '../app/pull.ts'"],
  ['src/app/a.ts', "import { Box } from 'ink'"],
  ['commands/vault/a.ts', "import { ghost } from '../../src/adapters/holder/client.ts'"],
  ['commands/a.ts', "import { EXIT } from '../src/core/failure/words.ts'"],
  ['src/adapters/a.ts', "import net from 'node:net'"],
  ['src/adapters/a.ts', "import fs from 'fs'"],
  ['src/adapters/a.ts', 'const m = await import(name)'],
  ['bin/a.ts', "import '../commands/pull.ts'"],
  ['src/core/a.ts', "import { x } from '../castle/core/hcl.ts'"],
  ['src/castle/core/a.ts', "import { x } from '../../sops/core/keys.ts'"],
  ['src/castle/core/a.ts', "import { readFileSync } from 'node:fs'"],
  ['src/castle/adapters/a.ts', "import { x } from '../../app/session/pull.ts'"],
  ['src/app/a.ts', "import { x } from '../support/canary.ts'"],
])('control: the rule refuses, in %s: %s', (file, text) => {
  expect(mistakes(importsOf(file, text))).toHaveLength(1)
})

test.each([
  ['src/cli/a.ts', "import type { Pulled } from '../app/pull.ts'"],
  ['src/tui/a.tsx', "import { Box } from 'ink'\nimport type { Pulled } from '../app/pull.ts'"],
  [
    'src/core/a.ts',
    "import { parse } from 'yaml'\nimport { Buffer } from 'node:buffer'\n// import 'node:fs'",
  ],
  ['src/adapters/a.ts', "const { Encrypter } = await import('age-encryption')"],
  ['commands/vault/a.ts', "export { default } from '../../src/app/vault/init.ts'"],
])('control: the rule allows, in %s: %s', (file, text) => {
  expect(mistakes(importsOf(file, text))).toEqual([])
})

test('only three adapters know where the native binary is and what its verbs are called', () => {
  const names = /['"`][^'"`\n]*(?:bin\/tazpod|dist\/native)[^'"`\n]*['"`]|['"]ghost['"]\s*,/
  const knowing = FILES.filter((file) => names.test(withoutFailures(SOURCES.get(file) ?? '')))
  const allowed = ['client', 'install', 'values'].map((name) => `src/adapters/holder/${name}.ts`)
  expect(knowing.filter((file) => !allowed.includes(file))).toEqual([])
})

/** The failure of the native binary is called 'ghost' too; that is no verb. */
function withoutFailures(text: string): string {
  return text.replace(/reason: 'ghost',/g, '')
}

test('no file imports itself, not through any number of others and not for a type alone', () => {
  const graph = new Map(FILES.map((file) => [file, new Set<string>()]))
  for (const one of IMPORTS)
    if (one.specifier.startsWith('.') && !one.dynamic) graph.get(one.file)?.add(targetOf(one))
  const reachable = (start: string): Set<string> => {
    const seen = new Set(graph.get(start))
    for (const file of seen) for (const next of graph.get(file) ?? []) seen.add(next)
    return seen
  }
  expect(FILES.filter((file) => reachable(file).has(file))).toEqual([])
})

test('a command is small: at most 80 lines, and the entry at most 60', () => {
  const lines = (file: string): number => (SOURCES.get(file) ?? '').trimEnd().split('\n').length
  const long = FILES.filter((file) => file.startsWith('commands/') && lines(file) > 80)
  expect(long.map((file) => `${file}: ${lines(file)}`)).toEqual([])
  expect(lines('bin/main.ts')).toBeLessThanOrEqual(60)
})

/** What is loaded at once with these files: static imports that are not types, all the way down. */
function loadedWith(starts: readonly string[]): Import[] {
  const seen = new Set(starts)
  const loaded: Import[] = []
  for (const file of seen) {
    for (const one of IMPORTS.filter((i) => i.file === file && !i.typeOnly && !i.dynamic)) {
      loaded.push(one)
      if (one.specifier.startsWith('.')) seen.add(targetOf(one))
    }
  }
  return loaded
}

test('no command loads the dashboard before it is opened', () => {
  const loaded = loadedWith(FILES.filter((file) => file.startsWith('commands/')))
  expect(loaded.filter((one) => ['ink', 'react'].includes(packageOf(one.specifier)))).toEqual([])
})

test('starting up loads no command and no heavy package, not even through a third file', () => {
  const loaded = loadedWith(['bin/main.ts', 'src/cli/run.ts', 'src/cli/base-command.ts'])
  expect(loaded.length).toBeGreaterThan(5)
  const heavy = [
    'age-encryption',
    '@napi-rs/keyring',
    'yaml',
    'zod',
    'tmp-promise',
    'ink',
    'react',
    'web-tree-sitter',
    '@noble/ciphers',
    '@infisical/sdk',
  ]
  expect(loaded.filter((one) => heavy.includes(packageOf(one.specifier)))).toEqual([])
  expect(loaded.filter((one) => one.specifier.includes('commands/'))).toEqual([])
})

/** The native part: what each folder may include from, besides itself and verbs.h. */
const NATIVE: Record<string, readonly string[]> = {
  lib: [],
  protocol: ['lib'],
  holder: ['protocol', 'lib'],
  client: ['holder', 'protocol', 'lib'],
  session: ['client', 'holder', 'protocol', 'lib'],
}

test.each(Object.entries(NATIVE))('native/%s includes from below only', (folder, below) => {
  const files = globSync(`native/${folder}/*.[ch]`, { cwd: CHECKOUT })
  expect(files.length).toBeGreaterThan(0)
  for (const file of files) {
    const included = readFileSync(join(CHECKOUT, file), 'utf8').matchAll(/^#include "([^"]+)"/gm)
    const others = [...included].map(([, path = '']) => path).filter((path) => !path.startsWith(`${folder}/`))
    const wrong = others.filter((path) => path !== 'verbs.h' && !below.includes(path.split('/')[0] ?? ''))
    expect(wrong, file).toEqual([])
  }
})
