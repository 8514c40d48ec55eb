import { describe, expect, test } from 'vitest'
import { inside, lab, MODES, member, pull } from '../../support/infisical.ts'
import { makeProject, must, PASSPHRASE } from '../../support/project.ts'
import { Scratch } from '../../support/scratch.ts'
import { tazpod } from '../../support/tazpod.ts'
import { tazpodAtTerminal } from '../../support/terminal.ts'

const project = (more = '', paths = '[/, /terraform]') => `version: 1
provider: infisical
infisical: { project: lab, environment: prod, paths: ${paths}${more} }
secrets:
  - { name: TOKEN, file: token, env: TOKEN_FILE }
binds:
  - path: secrets.auto.tfvars
    format: tfvars
    values: { proxmox: PROXMOX, infisical_token: { identity: token } }
`

describe.each(MODES)('%s', (mode) => {
  test('one login, one list a folder, every byte', async () => {
    await using scratch = new Scratch()
    const value = `line one\r\n"quoted" $\{x} é漢\n${'x'.repeat(900_000)}\n`
    const here = await lab({ mode, secrets: { TOKEN: value, UNUSED: 'u' }, terraform: { PROXMOX: 'p"%{' } })
    await using server = here.server
    await member(scratch, here, project())
    server.requests.length = 0
    const done = await pull(scratch)
    expect(done).toMatchObject({ status: 0 })
    expect(done.stdout).toContain('3 secrets from infisical')
    const lists = server.requests.filter(({ path, status }) => /secrets/.test(path) && status === 200)
    expect(lists).toHaveLength(2)
    expect(server.requests.filter(({ path }) => path.endsWith('/login'))).toHaveLength(1)
    expect(await inside(scratch, 'cat "$TOKEN_FILE"')).toBe(here.project.get('prod', '/', 'TOKEN'))
    expect(await inside(scratch, 'cat secrets.auto.tfvars')).toMatch(
      /^proxmox\s*= "p\\"%%\{"\ninfisical_token\s*= "[\w-]+\.[\w-]+\.[\w-]+"\n$/,
    )
    const used = JSON.stringify(await must(scratch, ['secrets', '--json']))
    expect(used).not.toContain('line one')
  })

  test('imports: the own secret wins, then the last import; references are resolved', async () => {
    await using scratch = new Scratch()
    const here = await lab({ mode, secrets: { OWN: 'own', REF: `see $\{TARGET}`, TARGET: 'resolved' } })
    await using server = here.server
    for (const [folder, value] of [
      ['/one', 'first'],
      ['/two', 'last'],
    ] as const) {
      here.project.addFolder('prod', folder)
      here.project.set('prod', folder, 'TWICE', value)
      here.project.set('prod', folder, 'OWN', 'imported')
      here.project.addImport('prod', '/', { env: 'prod', path: folder })
    }
    void server
    await member(
      scratch,
      here,
      `version: 1
provider: infisical
infisical: { project: lab, environment: prod }
secrets: [{ name: OWN }, { name: TWICE }, { name: REF }]
`,
    )
    expect((await pull(scratch)).status).toBe(0)
    expect(
      await inside(scratch, 'cd "$TAZPOD_GHOST"; cat OWN/OWN; echo; cat TWICE/TWICE; echo; cat REF/REF'),
    ).toBe('own\nlast\nsee resolved')
  })

  test('sub-folders, a name in two folders, a prefix and a path that decide', async () => {
    await using scratch = new Scratch()
    const here = await lab({ mode, secrets: { PASSWORD: 'root' }, terraform: { PASSWORD: 'tf' } })
    await using _server = here.server
    const yaml = (paths: string, secrets: string) => `version: 1
provider: infisical
infisical: { project: lab, environment: prod, paths: ${paths} }
secrets: ${secrets}
`
    await member(scratch, here, yaml('[{ path: /, recursive: true }]', '[{ name: PASSWORD }]'))
    const twice = await pull(scratch)
    expect(twice).toMatchObject({ status: 65, stdout: '' })
    expect(twice.stderr).toContain('PASSWORD is in / and in /terraform')
    await makeProject(scratch, yaml('[/, /terraform]', '[{ name: PASSWORD, path: /terraform }]'))
    expect((await pull(scratch)).status).toBe(0)
    expect(await inside(scratch, 'cat "$TAZPOD_GHOST/PASSWORD/PASSWORD"')).toBe('tf')
    await makeProject(
      scratch,
      yaml('[/, { path: /terraform, prefix: TF_ }]', '[{ name: PASSWORD }, { name: TF_PASSWORD }]'),
    )
    expect((await pull(scratch)).status).toBe(0)
    expect(await inside(scratch, 'cd "$TAZPOD_GHOST"; cat PASSWORD/PASSWORD TF_PASSWORD/TF_PASSWORD')).toBe(
      'roottf',
    )
  })

  test.each([
    ['project', 'project: nope, environment: prod, paths: [/]', 'knows no such project'],
    ['environment', 'project: lab, environment: nope, paths: [/]', /knows no such (folder or )?environment/],
    ['folder', 'project: lab, environment: prod, paths: [/nope]', /no such folder/],
    ['deep folder', 'project: lab, environment: prod, paths: [/terraform/nope/deeper]', /no such folder/],
  ])('a wrong %s is named, and nothing is unlocked', async (_, where, words) => {
    await using scratch = new Scratch()
    const here = await lab({ mode, secrets: { TOKEN: 'x' } })
    await using server = here.server
    await member(
      scratch,
      here,
      `version: 1\nprovider: infisical\ninfisical: { ${where} }\nsecrets: [{ name: TOKEN }]\n`,
    )
    const done = await pull(scratch)
    expect(done).toMatchObject({ status: 65, stdout: '' })
    expect(done.stderr).toMatch(words)
    expect(done.stderr).toContain(server.origin)
    expect(done.stderr).not.toMatch(/\?|expandSecret/)
    expect((await tazpod(scratch, ['status', '--json'])).stdout).toContain('"locked"')
  })

  test('an empty folder is one', async () => {
    await using scratch = new Scratch()
    const here = await lab({ mode })
    await using _server = here.server
    await member(scratch, here, project())
    const done = await pull(scratch)
    expect(done.status).toBe(0)
    expect(done.stderr).toContain('TOKEN is missing')
    expect(done.stderr).toContain('next: tazpod secrets push TOKEN')
    const refused = await tazpod(scratch, ['exec', '--', 'sh', '-c', 'echo started'])
    expect(refused).toMatchObject({ status: 65, stdout: '' })
    expect(refused.stderr).toContain('TOKEN')
  })

  test('no right to read, and not in the project, are told apart', async () => {
    await using scratch = new Scratch()
    const here = await lab({ mode, secrets: { TOKEN: 'x' } })
    await using _server = here.server
    await member(scratch, here, project())
    here.project.grant(here.identity, { read: false })
    const refused = await pull(scratch)
    expect(refused.status).toBe(77)
    expect(refused.stderr).toMatch(
      /the identity may not (read|describe) secrets \(project lab, environment prod/,
    )
    here.project.revokeAccess(here.identity)
    const outside = await pull(scratch)
    expect(outside.status).toBe(77)
    expect(outside.stderr).toContain('the identity is not in the project')
  })
})

test('hidden values are never passed on', async () => {
  await using scratch = new Scratch()
  const here = await lab({ secrets: { TOKEN: 'x', FINE: 'y' }, terraform: { PROXMOX: 'z' } })
  await using _server = here.server
  here.project.hide('prod', '/', 'TOKEN')
  await member(scratch, here, project())
  const done = await pull(scratch)
  expect(done).toMatchObject({ status: 77, stdout: '' })
  expect(done.stderr).toContain('hides the value of TOKEN')
})

test('names that no project can use are left out and said; NUL is refused where it is used', async () => {
  await using scratch = new Scratch()
  const here = await lab({
    mode: '2024',
    secrets: { TOKEN: 'fine', 'A B/C': 'x', OTHER: 'a\0b' },
    terraform: { PROXMOX: 'p' },
  })
  await using _server = here.server
  await member(scratch, here, project())
  const done = await pull(scratch)
  expect(done.status).toBe(0)
  expect(done.stderr).toContain('left out, because no tazpod.yaml can name them: "A B/C"')
  here.project.set('prod', '/', 'TOKEN', 'a\0b')
  const refused = await pull(scratch)
  expect(refused.status).toBe(65)
  expect(refused.stderr).toContain("TOKEN can't be handed on: it contains a NUL byte")
  expect(await inside(scratch, 'cat "$TOKEN_FILE"')).toBe('fine') // the old set stays
})

test('without an identity in the vault, and without a session, it says what to type', async () => {
  await using scratch = new Scratch()
  const here = await lab()
  await using server = here.server
  await member(scratch, here, project(', identity: work'))
  const done = await pull(scratch)
  expect(done.status).toBe(75)
  expect(done.stderr).toContain('no identity work for Infisical is in the vault (default is)')
  expect(done.stderr).toContain('next: tazpod login work')
  server.requests.length = 0
})

test('explain and secrets know the names while unlocked, and ask nobody', async () => {
  await using scratch = new Scratch()
  const here = await lab({ secrets: { TOKEN: 'x' }, terraform: { PROXMOX: 'p' } })
  await using server = here.server
  await member(scratch, here, project())
  await pull(scratch)
  server.requests.length = 0
  const explained = JSON.parse(await must(scratch, ['exec', '--explain', '--json', '--', 'sh']))
  expect(explained.missing).toEqual([])
  expect(explained.rows.map(({ secret }: { secret: string }) => secret)).toEqual([
    'TOKEN',
    'PROXMOX',
    'identity.token',
  ])
  const list = JSON.parse(await must(scratch, ['secrets', '--json']))
  expect(list.secrets.map(({ name, source }: Record<string, string>) => `${name} ${source}`)).toEqual([
    'PROXMOX infisical',
    'TOKEN infisical',
  ])
  expect(server.requests).toHaveLength(0)
})

test('every part of the identity can be handed over, in binds and as files', async () => {
  await using scratch = new Scratch()
  const here = await lab()
  await using server = here.server
  const { clientId, clientSecret } = here.identity
  await member(
    scratch,
    here,
    `version: 1
provider: infisical
infisical: { project: lab, environment: prod }
secrets:
  - { name: ID, identity: clientId, env: ID_FILE }
  - { name: INFISICAL_HOST_URL, identity: host, env: HOST_URL, as: value }
binds:
  - path: all.json
    format: json
    values: { id: { identity: clientId }, secret: { identity: clientSecret }, host: { identity: host }, token: { identity: token } }
commands:
  sh: { secrets: [ID, INFISICAL_HOST_URL], binds: [all.json] }
  cat: { secrets: [] }
`,
  )
  expect((await pull(scratch)).status).toBe(0)
  expect(await inside(scratch, 'cat "$ID_FILE"; echo " $HOST_URL"')).toBe(`${clientId} ${server.origin}\n`)
  const all = JSON.parse(await inside(scratch, 'cat all.json'))
  expect(all).toMatchObject({ id: clientId, secret: clientSecret, host: server.origin })
  expect(server.tokenState(all.token).revoked).toBe(false)
  expect(await must(scratch, ['exec', '--', 'cat', 'all.json'])).toBe('')
})

test('on a terminal it says what it waits for, and takes the line away; into a pipe nothing', async () => {
  await using scratch = new Scratch()
  const here = await lab({ secrets: { TOKEN: 'x' }, terraform: { PROXMOX: 'p' } })
  await using server = here.server
  await member(scratch, here, project())
  const { promise, resolve } = Promise.withResolvers<void>()
  server.fault({ kind: 'slow-headers', until: promise, match: /secretPath=%2Fterraform/, times: 1 })
  await using terminal = tazpodAtTerminal(scratch, ['pull'])
  await terminal.waitForText('Passphrase of the vault:')
  terminal.line(PASSPHRASE)
  await terminal.waitForText('fetching: 1 of 2 folders')
  resolve()
  await terminal.waitForText('unlocked:')
  expect((await terminal.exit()).exitCode).toBe(0)
  expect(terminal.text()).not.toContain('fetching')
})
