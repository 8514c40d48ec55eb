/** What a fetch makes of everything that a server may hold, in this process, beside what the official SDK gets. */
import { InfisicalSDK } from '@infisical/sdk'
import { describe, expect, test } from 'vitest'
import { fetchAll } from '../../../src/app/provider/infisical/fetch.ts'
import { sourceOf } from '../../../src/app/provider/infisical/source.ts'
import type { InfisicalProblem } from '../../../src/core/failure/infisical.ts'
import type { InfisicalConfig } from '../../../src/core/provider/infisical/config.ts'
import { emptyDocument } from '../../../src/core/vault/document.ts'
import { withIdentity } from '../../../src/core/vault/edit.ts'
import { MODES } from '../../support/infisical.ts'
import { fixtures, InfisicalServer, type TestIdentity } from '../../support/infisical-server/index.ts'
import { NOW } from '../../support/vault.ts'

const EVERYTHING = { names: { has: () => true }, decided: new Map<string, string>() }
const USED = (names: string[]) => ({ names: new Set(names), decided: new Map<string, string>() })

async function lab(mode: (typeof MODES)[number]) {
  const server = await InfisicalServer.start({ mode })
  const identity = server.addIdentity()
  const project = server.addProject({ slug: 'lab', environments: ['dev', 'staging'] })
  project.grant(identity)
  return { server, identity, project }
}

async function fetched(
  server: InfisicalServer,
  { clientId, clientSecret }: TestIdentity,
  paths: InfisicalConfig['paths'],
  wanted: Parameters<typeof fetchAll>[1] = EVERYTHING,
): Promise<{ values: Record<string, string>; notes: string[]; problem?: InfisicalProblem }> {
  const stored = { provider: 'infisical', host: server.origin, clientId, clientSecret, updated: NOW }
  const doc = withIdentity(emptyDocument('0'.repeat(32), NOW, []), 'default', stored)
  const source = sourceOf(doc, { project: 'lab', environment: 'dev', offline: false, paths }, {})
  if (!source.ok) throw new Error(source.error.reason)
  const all = await fetchAll(source.value, wanted, undefined, () => undefined)
  source.value.client.close()
  if (!all.ok) {
    if (all.error.reason !== 'infisical') throw new Error(all.error.reason)
    return { values: {}, notes: [], problem: all.error.problem }
  }
  const { secrets, notes } = all.value.combined ?? { secrets: new Map<string, Buffer>(), notes: [] }
  return { values: Object.fromEntries([...secrets].map(([n, value]) => [n, value.toString()])), notes }
}

const plain = (path: string) => [{ path, recursive: false }]

describe.each(MODES)('%s', (mode) => {
  test('imports and references give what the documentation promises', async () => {
    const { server, identity, project } = await lab(mode)
    await using _ = server
    for (const [path, expected] of [
      ['/imports', fixtures.conflictingImports(project)],
      ['/round', fixtures.circularImports(project)],
      ['/references', fixtures.references(project)],
    ] as const) {
      expect((await fetched(server, identity, plain(path))).values, path).toEqual(expected)
    }
  })

  test('a nested import does not hide the nearer one', async () => {
    const { server, identity, project } = await lab(mode)
    await using _ = server
    fixtures.conflictingImports(project)
    project.addFolder('dev', '/near').addImport('dev', '/near', { env: 'dev', path: '/first' })
    expect((await fetched(server, identity, plain('/near'))).values.SHARED).toBe('of first')
  })

  test('every value arrives byte for byte; NUL is refused where it is used', async () => {
    const { server, identity, project } = await lab(mode)
    await using _ = server
    const { NUL, ...exact } = fixtures.exactValues(project)
    const got = await fetched(server, identity, plain('/exact'), USED(Object.keys(exact)))
    expect(got.values).toEqual(exact)
    expect(NUL).toContain('\0')
    expect((await fetched(server, identity, plain('/exact'), USED(['NUL']))).problem).toMatchObject({
      kind: 'bad-value',
      name: 'NUL',
    })
  })

  test('names that could hurt are never used as they are', async () => {
    const { server, identity, project } = await lab(mode)
    await using _ = server
    const names = fixtures.nastyNames(project)
    const { values, notes } = await fetched(server, identity, plain('/nasty'), USED([]))
    expect(Object.keys(values).every((name) => /^[A-Z_]+$/.test(name))).toBe(true)
    expect(Object.keys(values).length).toBeLessThan(names.length)
    expect(notes.join()).toContain('no tazpod.yaml can name them')
  })

  test('a reference that leads nowhere, or in a circle, is said', async () => {
    const { server, identity, project } = await lab(mode)
    await using _ = server
    fixtures.brokenReferences(project)
    const { notes } = await fetched(server, identity, plain('/broken'))
    expect(notes.join()).toContain('MISSING holds a reference')
  })

  test('a tree is one request, and a name in several of its folders is refused where it is used', async () => {
    const { server, identity, project } = await lab(mode)
    await using _ = server
    fixtures.duplicates(project)
    const tree = [{ path: '/tree', recursive: true }]
    expect((await fetched(server, identity, tree)).problem).toMatchObject({ kind: 'twice', name: 'TOKEN' })
    const decided = { names: new Set(['TOKEN']), decided: new Map([['TOKEN', '/tree/one/two']]) }
    expect((await fetched(server, identity, tree, decided)).values).toEqual({ TOKEN: 'two' })
  })

  test('the SDK gets the same, where it is right', async () => {
    const { server, identity, project } = await lab(mode)
    await using _ = server
    const { NUL, ...exact } = fixtures.exactValues(project)
    expect(NUL).toBeDefined()
    const ours = await fetched(server, identity, plain('/exact'), USED(Object.keys(exact)))
    if (mode === 'go') return // it knows only the older routes, which are gone there
    const { clientId, clientSecret } = identity
    const sdk = await new InfisicalSDK({ siteUrl: server.origin })
      .auth()
      .universalAuth.login({ clientId, clientSecret })
    const { secrets } = await sdk
      .secrets()
      .listSecrets({ projectId: project.id, environment: 'dev', secretPath: '/exact' })
    const theirs = secrets.map(({ secretKey, secretValue }) => [secretKey, secretValue])
    expect({ ...ours.values, NUL }).toEqual(Object.fromEntries(theirs))
  })
})

test('hidden values: one stops what uses it, a folder of them stops everything', async () => {
  const { server, identity, project } = await lab('current')
  await using _ = server
  fixtures.hiddenValues(project)
  expect((await fetched(server, identity, plain('/partly'), USED(['OPEN']))).values).toEqual({ OPEN: 'seen' })
  expect((await fetched(server, identity, plain('/partly'), USED(['CLOSED']))).problem?.kind).toBe('hidden')
  expect((await fetched(server, identity, plain('/shut'), USED(['CLOSED']))).problem?.kind).toMatch(
    /hidden|not-allowed/,
  )
})

test('a token that may be used only so often is replaced once', async () => {
  const server = await InfisicalServer.start()
  await using _ = server
  const identity = server.addIdentity({ uses: 1 })
  const project = server.addProject({ slug: 'lab', environments: ['dev'] })
  project.grant(identity)
  project.set('dev', '/', 'A', '1')
  const got = await fetched(server, identity, plain('/'))
  expect(got.problem).toEqual({ kind: 'token', why: 'used-up' }) // one use for the project, none for the list
  expect(server.requests.filter(({ path }) => path.endsWith('/login'))).toHaveLength(2)
})
