/**
 * What `vault import` reads is what the reference reader of the format reads, byte for byte, or it is refused: bash and
 * python-dotenv for dotenv, PyYAML for YAML, Python's json for JSON. Thousands of generated files, with a fixed seed.
 */
import { spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type ImportFormat, parseSecrets } from '../../src/core/vault/import.ts'
import { need, needPython } from '../support/tools.ts'

const PYTHON = needPython(['dotenv', 'yaml'], 'the reference readers of imported files')

/** What the reference makes of each text: the value of K (hex of UTF-8), or null where it reads no such text. */
function reference(program: string, args: string[], texts: readonly string[]): (string | null)[] {
  const input = `${texts.map((text) => Buffer.from(text).toString('hex')).join('\n')}\n`
  const env = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' }
  const done = spawnSync(program, args, { input, env, encoding: 'utf8', maxBuffer: 1 << 26 })
  expect([done.status, done.stderr]).toEqual([0, ''])
  const lines = done.stdout.split('\n').slice(0, -1)
  expect(lines).toHaveLength(texts.length)
  return lines.map((line) => (line.startsWith('=') ? line.slice(1) : null))
}

const python = (body: string) => (texts: readonly string[]) =>
  reference(PYTHON ?? '', ['-c', `${FRAME.replace('BODY', body)}`], texts)

const FRAME = `
import io, json, logging, sys
import dotenv, yaml
logging.disable()
def pairs(found):
    if len(found) != len(dict(found)): raise ValueError
    return dict(found)
for line in sys.stdin:
    text = bytes.fromhex(line.strip()).decode()
    try:
        read = BODY
        if not isinstance(read, dict) or list(read) != ["K"] or not isinstance(read["K"], str): raise ValueError
        print("=" + read["K"].encode().hex())
    except Exception:
        print("-")
`

/** In a shell each, and only if it says nothing and fails nothing: \`K=two words\` is a command and no assignment. */
const BASH = `
while read -r hex; do
  text=$(printf '%b.' "$(sed 's/../\\\\x&/g' <<<"$hex")") text=\${text%.}
  if value=$(set -u +H; eval "$text" >/dev/null 2>&1 && printf '%s.' "$K" 2>/dev/null); then
    value=\${value%.}
    printf '=%s\\n' "$(printf %s "$value" | od -An -v -tx1 | tr -d ' \\n')"
  else echo -; fi
done`

const READERS: Record<string, (texts: readonly string[]) => (string | null)[]> = {
  'python-dotenv': python('dotenv.dotenv_values(stream=io.StringIO(text), interpolate=True)'),
  // every scalar as it is written: what the core schema calls a number is imported with its digits
  PyYAML: python('yaml.load(text, Loader=yaml.BaseLoader)'),
  'json of Python': python('json.loads(text, object_pairs_hook=pairs)'),
  bash: (texts) => reference('bash', ['--noprofile', '--norc', '-c', BASH], texts),
}

/** Nothing here can make bash run or write anything. */
const DOTENV = [
  "'",
  '"',
  '\\',
  '$',
  '#',
  ' ',
  'n',
  't',
  'a',
  'K',
  '=',
  '{',
  '}',
  'é',
  '-',
  "$'",
  "'\\''",
  '\t',
  ':',
]
const YAML = [
  "'",
  '"',
  '\\',
  '#',
  ' ',
  'n',
  'a',
  ':',
  '-',
  '\n  ',
  '|',
  '>',
  '!',
  '&',
  '*',
  '{',
  '}',
  '[',
  ']',
  ',',
  'x',
  '0',
  '1',
  '.',
  'e',
  '~',
  '%',
  'é',
  '\t',
  '?',
]
const JSONS = [
  '"',
  '\\',
  'n',
  'u',
  '00',
  'e9',
  'd83d',
  '\\ude00',
  'a',
  'é',
  '/',
  ' ',
  '\t',
  '{',
  ',',
  '1',
  '.',
  '-',
]

const sample = (alphabet: readonly string[], numRuns: number, seed = 5) =>
  fc.sample(fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 9 }), { numRuns, seed })

/** Where a reference leaves what the others, and the standard of its format, say: these we read as the standard does. */
const STANDARD: Record<string, RegExp> = {
  // '…' is literal for shells, Node, Ruby and Compose; python-dotenv reads \\ and \' in it, and expands ${…}
  // \n, \r, \t in "…" are dotenv's; blanks inside of a bare value end it in a shell
  bash: /^K=("[\s\S]*\\[nrt]|[^'"$]\S*[ \t]\S)/,
  'python-dotenv': /^K='[\s\S]*(\\[\\']|\$\{)/,
}

/** How many the reference and we read alike; fails where we read another value. */
function alike(format: ImportFormat, texts: readonly string[], reader: string): number {
  const theirs = READERS[reader]?.(texts) ?? []
  let same = 0
  const differ: unknown[] = []
  for (const [i, text] of texts.entries()) {
    const read = parseSecrets(format, Buffer.from(text), 'f')
    const other = theirs[i]
    if (STANDARD[reader]?.test(text)) continue
    if (!read.ok || typeof other !== 'string') continue
    const ours = read.value.get('K')?.toString('hex')
    if (ours === other && read.value.size === 1) same++
    else differ.push([text, ours, other])
  }
  expect(differ).toEqual([])
  return same
}

const DOTENV_TEXTS = [
  ...sample(DOTENV, 2500).map((value) => `K=${value}\n`),
  ...sample(DOTENV, 500, 6).map(
    (value) => `K='${value.replaceAll("'", '')}\n${value.replaceAll("'", '')}'\n`,
  ),
  ...sample(DOTENV, 500, 7).map((value) => `K="${value.replaceAll('"', '')}"\n`),
]

test.skipIf(PYTHON === undefined)('dotenv: python-dotenv reads no other value', () => {
  // $'…' is the shell's alone
  const texts = DOTENV_TEXTS.filter((text) => !text.includes("$'"))
  expect(alike('dotenv', texts, 'python-dotenv')).toBeGreaterThan(texts.length / 10)
})

test.skipIf(!need('bash', 'what a shell reads of a dotenv file'))('dotenv: bash reads no other value', () => {
  const quoted = sample([...DOTENV, '\\x41', '\\n', '\\e', '\\\\', '\\u00e9', '\\101'], 350, 8)
  const texts = [
    ...DOTENV_TEXTS.slice(0, 400),
    ...DOTENV_TEXTS.slice(2500, 2650),
    ...DOTENV_TEXTS.slice(3000, 3300),
    ...quoted.map((value) => `K=$'${value}'\n`),
  ]
  expect(alike('dotenv', texts, 'bash')).toBeGreaterThan(texts.length / 10)
})

test.skipIf(PYTHON === undefined)('YAML: PyYAML reads no other value', () => {
  const texts = [
    ...sample(YAML, 3000).map((value) => `K: ${value}\n`),
    ...sample(YAML, 1000, 6).map((value) => `K: "${value}"\n`),
    ...sample([...YAML, '\n', '\n   '], 1500, 7).map(
      (value, i) => `K: ${['|', '>', '|-', '>+', '|2'][i % 5]}\n  ${value}\n`,
    ),
  ]
  expect(alike('yaml', texts, 'PyYAML')).toBeGreaterThan(texts.length / 10)
})

test.skipIf(PYTHON === undefined)('JSON: Python reads no other value', () => {
  const texts = sample(JSONS, 3000).map((value) => `{"K": "${value}"}`)
  expect(alike('json', texts, 'json of Python')).toBeGreaterThan(texts.length / 10)
})
