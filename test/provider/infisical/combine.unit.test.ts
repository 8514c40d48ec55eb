import { describe, expect, test } from 'vitest'
import { combine, type Wanted } from '../../../src/core/provider/infisical/combine.ts'
import { type Listing, readListing } from '../../../src/core/provider/infisical/listing.ts'
import { storedFormProblem } from '../../../src/core/provider/infisical/stored-form.ts'

const raw = (secretKey: string, secretValue: string, more = {}) => ({ secretKey, secretValue, ...more })
const listing = (body: unknown, path = '/'): Listing => {
  const read = readListing(body, path)
  if (!read.ok) throw new Error(read.error)
  return read.value
}
const wanted = (names: string[], decided: [string, string][] = []): Wanted => {
  return { names: new Set(names), decided: new Map(decided) }
}
const rule = (path: string, more = {}) => ({ path, recursive: false, ...more })
const texts = (secrets: ReadonlyMap<string, Buffer>) =>
  Object.fromEntries([...secrets].map(([name, value]) => [name, value.toString()]))

describe('a list', () => {
  test("the folder's own secret wins, then the last import", () => {
    const { secrets } = listing({
      secrets: [raw('A', 'own')],
      imports: [
        { secrets: [raw('A', '1'), raw('B', 'first')] },
        { secrets: [raw('B', 'last'), raw('B', 'nested')] },
      ],
    })
    expect(Object.fromEntries(secrets.map(({ name, value }) => [name, value]))).toEqual({
      A: 'own',
      B: 'last',
    })
  })

  test('may have no imports; names that nobody can use are kept apart', () => {
    expect(listing({ secrets: [raw('A B', '1'), raw('C', '2')] })).toMatchObject({
      secrets: [{ name: 'C' }],
      unusable: ['A B'],
    })
  })

  test('of another form is refused without a word of its values', () => {
    const read = readListing({ secrets: [{ secretKey: 'A', secretValue: { s3cret: 1 } }] }, '/')
    expect(read).toMatchObject({ ok: false, error: expect.not.stringContaining('s3cret') })
    expect(readListing('<html>', '/').ok).toBe(false)
    expect(readListing(undefined, '/').ok).toBe(false)
  })
})

describe('several folders', () => {
  const a = listing({ secrets: [raw('X', 'a'), raw('ONLY_A', '1')] }, '/a')
  const b = listing({ secrets: [raw('X', 'b')] }, '/b')

  test('a name in two of them is refused where it is used, and both are named', () => {
    const asked = [
      { rule: rule('/a'), listing: a },
      { rule: rule('/b'), listing: b },
    ]
    expect(combine(asked, wanted(['X']))).toEqual({
      ok: false,
      error: { kind: 'twice', name: 'X', paths: ['/a', '/b'] },
    })
    const unused = combine(asked, wanted(['ONLY_A']))
    expect(unused.ok && texts(unused.value.secrets)).toEqual({ ONLY_A: '1' })
    expect(unused.ok && unused.value.notes.join()).toContain('"X"')
  })

  test('a path or a prefix decides', () => {
    const asked = [
      { rule: rule('/a'), listing: a },
      { rule: rule('/b'), listing: b },
    ]
    const decided = combine(asked, wanted(['X'], [['X', '/b']]))
    expect(decided.ok && texts(decided.value.secrets).X).toBe('b')
    const prefixed = combine(
      [
        { rule: rule('/a'), listing: a },
        { rule: rule('/b', { prefix: 'B_' }), listing: b },
      ],
      wanted(['X', 'B_X']),
    )
    expect(prefixed.ok && texts(prefixed.value.secrets)).toMatchObject({ X: 'a', B_X: 'b' })
  })

  test('the same folder asked twice is no conflict', () => {
    const asked = [
      {
        rule: rule('/', { recursive: true }),
        listing: listing({ secrets: [raw('X', 'a', { secretPath: '/a' })] }),
      },
      { rule: rule('/a'), listing: a },
    ]
    expect(combine(asked, wanted(['X'])).ok).toBe(true)
  })
})

test.each([
  ['hidden by a flag', raw('X', 'x', { secretValueHidden: true }), { kind: 'hidden' }],
  ['hidden by its text', raw('X', '<hidden-by-infisical>'), { kind: 'hidden' }],
  ['NUL', raw('X', 'a\0b'), { kind: 'bad-value' }],
  ['half a character', raw('X', 'a\ud800'), { kind: 'bad-value' }],
  ['1 MiB + 1', raw('X', 'x'.repeat(1_048_577)), { kind: 'bad-value' }],
])('%s is refused where it is used, left out where not', (_, secret, problem) => {
  const asked = [{ rule: rule('/'), listing: listing({ secrets: [secret, raw('Y', 'fine')] }) }]
  expect(combine(asked, wanted(['X']))).toMatchObject({ ok: false, error: { ...problem, name: 'X' } })
  const other = combine(asked, wanted(['Y']))
  expect(other.ok && texts(other.value.secrets)).toEqual({ Y: 'fine' })
})

test('1 MiB is handed on, and a reference that was left is said', () => {
  const asked = [
    {
      rule: rule('/'),
      listing: listing({ secrets: [raw('X', 'x'.repeat(1_048_576)), raw('Y', `a\${prod.Z}`)] }),
    },
  ]
  const combined = combine(asked, wanted(['X', 'Y']))
  expect(combined.ok && combined.value.secrets.get('X')?.length).toBe(1_048_576)
  expect(combined.ok && combined.value.notes).toEqual([expect.stringContaining('Y holds a reference')])
})

test.each([
  ['', undefined],
  ['plain', undefined],
  ['line\n', undefined],
  ['two\nlines\n', undefined],
  ['\n', undefined],
  [' lead', 'cut white space'],
  ['trail ', 'cut white space'],
  ['x\n\n', 'cut white space'],
  ['crlf\r\n', 'CR LF'],
  ['a\0', 'NUL'],
])('what Infisical keeps of %j: %s', (text, why) => {
  const problem = storedFormProblem(Buffer.from(text))
  if (why === undefined) expect(problem).toBeUndefined()
  else expect(problem).toContain(why)
})

test('bytes that are no UTF-8 are not sent', () => {
  expect(storedFormProblem(Buffer.from([0xff, 0x00]))).toContain('not UTF-8')
})
