import { describe, expect, test } from 'vitest'
import { lab, MODES, member, pull } from '../../support/infisical.ts'
import { must, PASSPHRASE } from '../../support/project.ts'
import { Scratch } from '../../support/scratch.ts'
import { tazpod } from '../../support/tazpod.ts'

const YAML = `version: 1
provider: infisical
infisical: { project: lab, environment: prod, paths: [/, { path: /terraform, prefix: TF_ }] }
secrets: [{ name: TOKEN }, { name: TF_NODE }]
`
const with3 = (stdin?: string | Uint8Array) => ({
  passphrase: PASSPHRASE,
  ...(stdin !== undefined && { stdin }),
})

describe.each(MODES)('%s', (mode) => {
  test('push creates, updates, and says when it is there already', async () => {
    await using scratch = new Scratch()
    const here = await lab({ mode, terraform: { NODE: 'pve01' } })
    await using server = here.server
    await member(scratch, here, YAML)
    const value = `a "b" $\{c}\r\nline é漢\n`
    const pushed = async (name: string, stdin: string, args: string[] = []) =>
      JSON.parse(await must(scratch, ['secrets', 'push', name, '--json', ...args], with3(stdin)))
    expect(await pushed('TOKEN', value)).toMatchObject({
      change: 'created',
      path: '/',
      size: Buffer.byteLength(value),
    })
    expect(here.project.get('prod', '/', 'TOKEN')).toBe(value)
    expect(await pushed('TOKEN', value)).toMatchObject({ change: 'same' })
    expect(await pushed('TOKEN', 'other')).toMatchObject({ change: 'updated' })
    expect(await pushed('NEW', 'x', ['--path', '/terraform'])).toMatchObject({
      change: 'created',
      path: '/terraform',
    })
    expect(await pushed('TF_NODE', 'pve02', ['--path', '/terraform'])).toMatchObject({ change: 'updated' })
    expect(here.project.get('prod', '/terraform', 'NODE')).toBe('pve02')
    // The value went over the wire to that server only, and the session that was opened for it was ended.
    const last = server.requests.at(-1)
    expect(last?.path).toBe('/api/v1/auth/token/revoke')
  })

  test('what it would change is refused before it is sent; a wrong folder is named', async () => {
    await using scratch = new Scratch()
    const here = await lab({ mode })
    await using server = here.server
    await member(scratch, here, YAML)
    server.requests.length = 0
    for (const stdin of [' x', 'x\r\n', Buffer.from([0xff]), 'a\0b']) {
      const done = await tazpod(scratch, ['secrets', 'push', 'TOKEN'], with3(stdin))
      expect(done).toMatchObject({ status: 65, stdout: '' })
    }
    expect(server.requests).toHaveLength(0)
    const nowhere = await tazpod(scratch, ['secrets', 'push', 'TOKEN', '--path', '/nope'], with3('x'))
    expect(nowhere.status).toBe(65)
    expect(nowhere.stderr).toContain('knows no such folder')
  })

  test('list and diff show names and fingerprints, never values', async () => {
    await using scratch = new Scratch()
    const here = await lab({
      mode,
      secrets: { TOKEN: 'same-value', B: 'theirs' },
      terraform: { NODE: 'pve01' },
    })
    await using _server = here.server
    await member(scratch, here, YAML)
    for (const [name, value] of [
      ['TOKEN', 'same-value'],
      ['B', 'mine'],
      ['ONLY_HERE', 'x'],
    ] as const)
      await must(scratch, ['vault', 'set', name], with3(value))
    const list = await tazpod(scratch, ['secrets', 'list'], with3())
    expect(list.stdout).toMatch(/^TF_NODE\s+\/terraform\s+5\s+[0-9a-f]{8}\s+yes$/m)
    const diff = await tazpod(scratch, ['secrets', 'diff'], with3())
    expect(diff.status).toBe(1)
    expect(diff.stdout).toMatch(/^TOKEN\s+the same\s+(\S+)\s+\1$/m)
    expect(diff.stdout).toMatch(/^B\s+different /m)
    expect(diff.stdout).toMatch(/^ONLY_HERE\s+only in the vault /m)
    expect(diff.stdout).toMatch(/^TF_NODE\s+only in Infisical /m)
    expect(list.stdout + diff.stdout).not.toMatch(/same-value|theirs|mine|pve01/)
  })

  test('vault import --from infisical takes everything, twice is the same as once', async () => {
    await using scratch = new Scratch()
    const here = await lab({
      mode,
      secrets: { TOKEN: 'a\r\nb\n', UNUSED: 'u' },
      terraform: { NODE: 'pve01' },
    })
    await using _server = here.server
    await member(scratch, here, YAML)
    const done = await tazpod(scratch, ['vault', 'import', '--from', 'infisical', '--json'], with3())
    expect(JSON.parse(done.stdout).added.sort()).toEqual(['TF_NODE', 'TOKEN', 'UNUSED'])
    const again = await tazpod(scratch, ['vault', 'import', '--from', 'infisical', '--json'], with3())
    expect(JSON.parse(again.stdout).unchanged).toHaveLength(3)
    const got = await tazpod(scratch, ['vault', 'get', '--reveal', 'TOKEN'], with3())
    expect(got.stdoutBytes.toString()).toBe(here.project.get('prod', '/', 'TOKEN'))
  })
})

test('a write under an approval policy is not called written', async () => {
  await using scratch = new Scratch()
  const here = await lab()
  await using _server = here.server
  here.project.approvalPolicy('prod', '/')
  await member(scratch, here, YAML)
  const done = await tazpod(scratch, ['secrets', 'push', 'TOKEN'], with3('x'))
  expect(done).toMatchObject({ status: 77, stdout: '' })
  expect(done.stderr).toContain('TOKEN was not written')
  expect(done.stderr).toContain('approval')
})

test('while unlocked an errand uses the session that is there and does not end it', async () => {
  await using scratch = new Scratch()
  const here = await lab({ secrets: { TOKEN: 'x' }, terraform: { NODE: 'n' } })
  await using server = here.server
  await member(scratch, here, YAML)
  await pull(scratch)
  server.requests.length = 0
  await must(scratch, ['secrets', 'list'], { passphrase: PASSPHRASE })
  expect(server.requests.map(({ path }) => path).filter((path) => /login|revoke/.test(path))).toEqual([])
  expect((await pull(scratch)).status).toBe(0)
})

test('an untrusted project file sends nothing anywhere', async () => {
  await using scratch = new Scratch()
  const here = await lab()
  await using server = here.server
  await member(scratch, here, YAML)
  scratch.file('project/tazpod.yaml', YAML.replace('environment: prod', 'environment: dev'), 0o644)
  server.requests.length = 0
  for (const args of [
    ['secrets', 'push', 'TOKEN'],
    ['secrets', 'list'],
    ['vault', 'import', '--from', 'infisical'],
  ]) {
    const done = await tazpod(scratch, [...args, '--non-interactive'], with3('x'))
    expect(done.status, args.join(' ')).toBe(75)
  }
  expect(server.requests).toHaveLength(0)
})
