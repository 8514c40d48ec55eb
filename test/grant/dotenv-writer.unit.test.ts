/** `format: dotenv` for each reader: the real one gets every byte, or the value is refused by name. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { failureText } from '../../src/core/failure/words.ts'
import { render } from '../../src/core/grant/formats.ts'
import { DOTENV_READERS, type DotenvReader } from '../../src/core/text/dotenv-writer.ts'
import { need, needPython } from '../support/tools.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tz-dotenv-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const PYTHON = needPython(['dotenv'], 'dotenv for python')

/** Each reads the file at `path` and gives its variables. */
const PARSERS: Record<
  DotenvReader,
  { needs: string[]; read: (path: string) => Promise<Record<string, string>> }
> = {
  sh: { needs: ['python3'], read: (path) => printed(['sh', '-c', '. "$0"; exec "$@"', path, ...DUMP], true) },
  node: {
    needs: [],
    read: (path) => printed([process.execPath, `--env-file=${path}`, '-p', 'JSON.stringify(process.env)']),
  },
  compose: { needs: ['docker-compose'], read: byCompose },
  docker: { needs: ['docker'], read: byDocker },
  python: {
    needs: PYTHON === undefined ? ['dotenv of Python'] : [],
    read: (path) =>
      printed([
        PYTHON ?? '',
        '-c',
        'import dotenv, json, sys; print(json.dumps(dotenv.dotenv_values(sys.argv[1])))',
        path,
      ]),
  },
}

const DUMP = ['python3', '-c', 'import json, os; print(json.dumps(dict(os.environ)))']

async function printed([program = '', ...args]: string[], exported = false): Promise<Record<string, string>> {
  const all = exported ? ['-a', ...args] : args
  const env = { PATH: process.env.PATH, LC_ALL: 'C.UTF-8' }
  const done = spawnSync(program, all, { env, encoding: 'utf8', maxBuffer: 1 << 26 })
  if (done.status !== 0) throw new Error(done.stderr)
  return JSON.parse(done.stdout)
}

/** `config` prints what the containers would get, with each `$` doubled. It asks no daemon. */
async function byCompose(path: string): Promise<Record<string, string>> {
  const file = join(folder, 'compose.yaml')
  writeFileSync(file, `name: x\nservices: { a: { image: b, env_file: [${JSON.stringify(path)}] } }\n`)
  const { services } = (await printed([
    'docker-compose',
    '-f',
    file,
    'config',
    '--format',
    'json',
  ])) as never as {
    services: { a: { environment: Record<string, string> } }
  }
  const pairs = Object.entries(services.a.environment)
  return Object.fromEntries(pairs.map(([name, value]) => [name, value.replaceAll('$$', '$')]))
}

/** The client reads the file; what it would send to a daemon is taken from its request. */
async function byDocker(path: string): Promise<Record<string, string>> {
  const socket = join(folder, 'docker.sock')
  let body = ''
  const daemon = createServer((request, reply) => {
    request.on('data', (chunk) => {
      if (request.url?.includes('/containers/create')) body += chunk
    })
    request.on('end', () => {
      reply.setHeader('Api-Version', '1.41').writeHead(request.url?.endsWith('_ping') ? 200 : 500)
      reply.end('{"message":"a stand-in"}')
    })
  })
  await new Promise<void>((ready) => daemon.listen(socket, ready))
  const env = { PATH: process.env.PATH, HOME: folder, DOCKER_HOST: `unix://${socket}` }
  const child = spawn('docker', ['create', '--pull=never', '--env-file', path, 'x'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk) => (said += chunk))
  await new Promise((ended) => child.on('close', ended))
  await new Promise((closed) => daemon.close(closed))
  if (body === '') throw new Error(said)
  const list: string[] = JSON.parse(body).Env ?? []
  return Object.fromEntries(
    list.map((one) => [one.slice(0, one.indexOf('=')), one.slice(one.indexOf('=') + 1)]),
  )
}

function refusal(value: string, reader: DotenvReader): string | undefined {
  const done = render('dotenv', [['K', Buffer.from(value)]], reader)
  if (done.ok) done.value.fill(0)
  return done.ok ? undefined : failureText(done.error).message
}

/** The values that the reader can take, through the reader. */
async function through(values: readonly string[], reader: DotenvReader): Promise<number> {
  const taken = values.filter((value) => refusal(value, reader) === undefined)
  const pairs = taken.map((value, i) => [`K${i}`, Buffer.from(value)] as const)
  const file = render('dotenv', pairs, reader)
  if (!file.ok) throw new Error(failureText(file.error).message)
  const path = join(folder, `${reader}.env`)
  writeFileSync(path, file.value)
  const read = await PARSERS[reader].read(path)
  expect(taken.map((_, i) => read[`K${i}`])).toEqual(taken)
  return taken.length
}

const ALPHABET = [
  "'",
  '"',
  '`',
  '\\',
  '$',
  '{',
  '}',
  '#',
  ' ',
  '\t',
  '\n',
  '\r',
  'n',
  'a',
  '=',
  '!',
  '%',
  'é',
  '\u00a0',
  '😀',
  ':',
  '-',
]
const nasty = fc.string({ unit: fc.constantFrom(...ALPHABET), maxLength: 12 })
/** A fixed seed: a defect of somebody else's parser is found on purpose, not in the middle of another's change. */
const VALUES = fc.sample(nasty, { numRuns: 3000, seed: 7 })

const PLAIN = [
  '',
  'plain',
  'two words',
  'a#b',
  ' padded ',
  'p=q',
  'it has "quotes"',
  'C:\\new\\table',
  'a$b',
  '$HOME',
  'x!y',
]
const PEM = '-----BEGIN X-----\nab+/=\n-----END X-----\n'

describe.each(DOTENV_READERS.map((reader) => [reader]))('%s', (reader) => {
  const there = PARSERS[reader].needs.every((tool) => need(tool, `dotenv for ${reader}`))

  test.skipIf(!there)('the real reader gets what was meant', async () => {
    expect(await through(PLAIN, reader)).toBe(PLAIN.length)
    const taken = await through(VALUES, reader)
    expect(taken).toBeGreaterThan(VALUES.length / 5)
  })

  test('a key over several lines', async () => {
    if (reader === 'docker') expect(refusal(PEM, reader)).toContain('has a newline')
    else if (there) expect(await through([PEM, 'after'], reader)).toBe(2)
  })
})

test.each<[DotenvReader, string, string]>([
  ['node', 'a\r\nb', 'has a CR'],
  ['node', `#'"\``, 'node knows no escape'],
  ['compose', "it's $5", 'compose replaces'],
  ['compose', 'C:\\', 'ends with a backslash'],
  ['docker', '"quoted"', 'only some versions of docker'],
  ['docker', 'a\r', 'takes off'],
  ['docker', 'a'.repeat(70_000), '64 KiB'],
  ['python', `a\${b}c`, 'python-dotenv replaces'],
  ['python', 'two words\\', 'python-dotenv takes for an escape'],
])('%s can not take %j: refused by name', (reader, value, why) => {
  expect(refusal(value, reader)).toMatch(
    new RegExp(`^"?K"? can't be delivered: it .*${why}.*dotenv for ${reader}`),
  )
})

test('a shell takes everything but NUL', () => {
  expect(VALUES.filter((value) => refusal(value, 'sh') !== undefined)).toEqual([])
})
