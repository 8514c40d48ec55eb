/** SOPS files of every format in clear, and the ones that must not open. */
import { generateX25519Identity, identityToRecipient } from 'age-encryption'
import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { sopsCipher } from '../../src/adapters/sops/cipher.ts'
import { decryptWith } from '../../src/adapters/vault/age-files.ts'
import { type OpenedLeaf, openSops } from '../../src/core/sops/decrypt.ts'
import { nameValues } from '../../src/core/sops/names.ts'
import { readSops } from '../../src/core/sops/read.ts'
import { formatOf, type SopsFormat } from '../../src/core/sops/tree.ts'
import {
  type Plain,
  type SopsOptions,
  sopsBinary,
  sopsDotenv,
  sopsIni,
  sopsJson,
  sopsYaml,
} from '../support/castle/sops-writer.ts'

let identity: string
let recipient: string
beforeAll(async () => {
  identity = await generateX25519Identity()
  recipient = await identityToRecipient(identity)
})
const options = (more: Partial<SopsOptions> = {}): SopsOptions => ({ recipients: [recipient], ...more })

async function open(text: string, format: SopsFormat): Promise<OpenedLeaf[] | string> {
  const file = readSops(text, format)
  if (typeof file === 'string') return file
  const key = await decryptWith(Buffer.from(file.meta.age[0] ?? ''), Buffer.from(identity))
  return key.ok ? openSops(file, key.value, sopsCipher) : 'no key'
}

async function clear(text: string, format: SopsFormat): Promise<Record<string, string> | string> {
  const opened = await open(text, format)
  if (typeof opened === 'string') return opened
  return Object.fromEntries(opened.map(({ place, value }) => [place.join('.'), value.toString()]))
}

const DATA: Plain = {
  password: 'p"$\n\\é',
  empty: '',
  nothing: null,
  port: 5432,
  ratio: 0.25,
  on: true,
  list: ['a', { deep: 'b' }, 3],
  plain_unencrypted: { x: 'y', n: 7, yes: false },
}
const CLEAR = {
  password: 'p"$\n\\é',
  empty: '',
  port: '5432',
  ratio: '0.25',
  on: 'True',
  'list.0': 'a',
  'list.1.deep': 'b',
  'list.2': '3',
}

test('YAML and JSON: every type, lists, what is empty, and what is left in clear', async () => {
  expect(await clear(await sopsYaml([DATA], options()), 'yaml')).toMatchObject(CLEAR)
  expect(await clear(await sopsJson(DATA, options()), 'json')).toMatchObject(CLEAR)
})

test('several documents share one MAC', async () => {
  const text = await sopsYaml([{ a: 'one' }, { b: 'two' }], options())
  const opened = await open(text, 'yaml')
  expect(typeof opened === 'string' ? opened : opened.map(({ value }) => value.toString())).toEqual([
    'one',
    'two',
  ])
})

test('dotenv, INI and binary', async () => {
  expect(await clear(await sopsDotenv({ A: 'x=y', B: 'two\nlines' }, options()), 'dotenv')).toEqual({
    A: 'x=y',
    B: 'two\nlines',
  })
  expect(
    await clear(await sopsIni({ DEFAULT: { a: '1' }, db: { password: 'p#;=' } }, options()), 'ini'),
  ).toEqual({
    'DEFAULT.a': '1',
    'db.password': 'p#;=',
  })
  // the form of SOPS 3.13, with the age key in a block over several lines
  const block = await sopsIni({ db: { user: 'u', password: 'p#;=' } }, options(), true)
  expect(block).toMatch(/^age__list_0__map_enc {7}= """-----BEGIN AGE ENCRYPTED FILE-----\n[^"]+"""$/m)
  expect(await clear(block, 'ini')).toEqual({ 'db.user': 'u', 'db.password': 'p#;=' })
  const pem = '-----BEGIN X-----\r\nabc\r\n-----END X-----\r\n'
  expect(await clear(await sopsBinary(pem, options()), 'binary')).toEqual({ data: pem })
})

test('partial encryption: by regular expression, by suffix, with a MAC over the encrypted values alone', async () => {
  const secret: Plain = { kind: 'Secret', metadata: { name: 'x', mode: '0644' }, stringData: { a: 'b' } }
  for (const more of [{}, { macOnlyEncrypted: true }]) {
    const opened = await open(
      await sopsYaml([secret], options({ encryptedRegex: '^(data|stringData)$', ...more })),
      'yaml',
    )
    if (typeof opened === 'string') throw new Error(opened)
    expect(opened.filter(({ encrypted }) => encrypted).map(({ place }) => place)).toEqual([
      ['stringData', 'a'],
    ])
  }
  const other = await open(
    await sopsYaml([{ a_open: 'x', b: 'y' }], options({ unencryptedSuffix: '_open' })),
    'yaml',
  )
  expect(typeof other === 'string' ? other : other.map(({ encrypted }) => encrypted)).toEqual([false, true])
})

test('comments and CRLF change nothing', async () => {
  const text = await sopsYaml([{ a: 'one', b: 'two' }], options())
  expect(await clear(`# head\r\n${text.replaceAll('\n', '\r\n')}`, 'yaml')).toEqual({ a: 'one', b: 'two' })
})

test.each<[string, (text: string) => string, RegExp]>([
  ['a value in clear was changed', (text) => text.replace('y: z', 'y: changed'), /wrong MAC/],
  ['a value was removed', (text) => text.replace(/^b: ENC.*\n/m, ''), /wrong MAC/],
  [
    'two values were exchanged',
    (text) => text.replace(/^a: (.*)\nb: (.*)$/m, 'a: $2\nb: $1'),
    /does not decrypt, at a/,
  ],
  [
    'a byte of a value was changed',
    (text) => text.replace(/data:(.)/, (_, c) => `data:${c === 'A' ? 'B' : 'A'}`),
    /does not decrypt/,
  ],
  ['the time was changed', (text) => text.replace('03:04:05Z', '03:04:06Z'), /MAC that does not decrypt/],
  ['a value is not encrypted', (text) => text.replace(/^a: .*$/m, 'a: clear'), /does not decrypt, at a/],
  ['the MAC is gone', (text) => text.replace(/^ {2}mac: .*\n/m, ''), /has no MAC/],
  ['the metadata are gone', (text) => text.slice(0, text.indexOf('\nsops:') + 1), /no metadata/],
])('a file is refused as a whole when %s', async (_, change, words) => {
  const text = await sopsYaml([{ a: 'one', b: 'two', c_unencrypted: { y: 'z' } }], options())
  expect(await clear(text, 'yaml')).toMatchObject({ a: 'one' })
  expect(await clear(change(text), 'yaml')).toMatch(words)
})

test('a MAC that was made over other values is refused', async () => {
  expect(await clear(await sopsYaml([{ a: 'x' }], options({ wrongMac: true })), 'yaml')).toMatch(/wrong MAC/)
})

test('rules about comments are not guessed', async () => {
  const text = await sopsYaml([{ a: 'x' }], options({ extra: { unencrypted_comment_regex: 'x' } }))
  expect(await clear(text, 'yaml')).toMatch(/chooses values by comments/)
})

test('property: what was encrypted comes back, and no text makes the reader throw', async () => {
  const leaf = fc.oneof(
    fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\r')),
    fc.integer(),
    fc.boolean(),
  )
  const key = fc.stringMatching(/^[a-z]{1,8}$/)
  await fc.assert(
    fc.asyncProperty(fc.dictionary(key, leaf, { minKeys: 1, maxKeys: 6 }), async (data) => {
      const opened = await open(await sopsJson(data, options()), 'json')
      if (typeof opened === 'string') throw new Error(opened)
      const want = Object.values(data).map((one) =>
        typeof one === 'boolean' ? (one ? 'True' : 'False') : String(one),
      )
      expect(opened.map(({ value }) => value.toString())).toEqual(want)
    }),
    { numRuns: 40 },
  )
  for (const format of ['yaml', 'json', 'dotenv', 'ini', 'binary'] as const)
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => void readSops(`${text}\nsops: ENC[`, format)),
      { numRuns: 100 },
    )
})

test('formats go by the name', () => {
  const names = [
    'a.enc.yaml',
    'a.yml',
    'b.json',
    '.env',
    '.env.prod',
    'x.env',
    'y.ini',
    'kubeconfig.enc',
    'z',
  ]
  expect(names.map(formatOf)).toEqual([
    'yaml',
    'yaml',
    'json',
    'dotenv',
    'dotenv',
    'dotenv',
    'ini',
    'binary',
    'binary',
  ])
})

test('names say what a value is; two values that would share one get their file in front', () => {
  const leaf = (place: string[], value: string, encrypted = true): OpenedLeaf => ({
    ...{ path: place, place, text: '', isText: true, encrypted, type: 'str' },
    value: Buffer.from(value),
  })
  const secret = [
    leaf(['kind'], 'Secret', false),
    leaf(['metadata', 'name'], 'app-db', false),
    leaf(['data', 'tls.key'], Buffer.from('raw').toString('base64')),
  ]
  const { values, collisions } = nameValues([
    {
      file: 'a/proxmox-secrets.enc.yaml',
      leaves: [leaf(['proxmox', 'apiToken'], 'one'), leaf(['same'], 's')],
    },
    { file: 'b/other.enc.yaml', leaves: [leaf(['proxmox', 'apiToken'], 'two'), leaf(['same'], 's')] },
    { file: 'secret.yaml', leaves: secret },
    { file: 'kubeconfig.enc', leaves: [leaf(['data'], 'k')] },
  ])
  expect(values.map(({ name, value }) => [name, value.toString()])).toEqual([
    ['PROXMOX_SECRETS_PROXMOX_API_TOKEN', 'one'],
    ['SAME', 's'],
    ['OTHER_PROXMOX_API_TOKEN', 'two'],
    ['SAME', 's'],
    ['APP_DB_TLS_KEY', 'raw'],
    ['KUBECONFIG', 'k'],
  ])
  expect(collisions).toHaveLength(2)
})
