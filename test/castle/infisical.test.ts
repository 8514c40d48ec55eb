/** A castle whose secrets are at Infisical: the same promises as on the embedded vault. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { canary, scan, scanBytes } from '../support/canary.ts'
import { castle, newCastle, PREFIX } from '../support/castle/castle.ts'
import { lab, labCastle, login, MODES, PLACE } from '../support/infisical.ts'
import { makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { tazpod } from '../support/tazpod.ts'
import { until } from '../support/until.ts'

const NAME = 'BLUE_B1E00000_TALOS_SECRETBOX_KEY'

test.each(MODES)(
  '%s: of several runs at once there is one key at the server, and it is nowhere else',
  async (mode) => {
    await using scratch = new Scratch()
    const here = await lab({ mode })
    await using _server = here.server
    await makeVault(scratch)
    expect((await login(scratch, here)).status).toBe(0)
    const blue = await newCastle(scratch, 'blue')
    const file = join(blue, 'tazpod.yaml')
    const yaml = readFileSync(file, 'utf8')
      .replace(/^provider: .*$/m, 'provider: infisical')
      .replace(/^infisical:.*(\n[ ].*)*$/m, '')
    writeFileSync(file, `${yaml}\n${PLACE}\n`)
    const record = join(blue, 'castle.json')
    writeFileSync(
      record,
      JSON.stringify({ ...JSON.parse(readFileSync(record, 'utf8')), provider: 'infisical' }),
    )
    await must(scratch, ['trust', '--yes'], { cwd: blue })

    const runs = await Promise.all([1, 2, 3].map(() => castle(scratch, blue, ['secretbox', 'new', '--json'])))
    for (const run of runs) expect(run, run.stderr + run.stdout).toMatchObject({ status: 0 })
    const prints = new Set(runs.map(({ stdout }) => JSON.parse(stdout).fingerprint))
    expect(prints.size).toBe(1)
    const key = here.project.get('prod', '/', NAME) ?? ''
    expect(key).toMatch(/^[A-Za-z0-9+/]{43}=$/)
    expect(runs.flatMap(({ stdoutBytes }) => scanBytes(stdoutBytes, [key]))).toEqual([])
    expect(scan([scratch.root], [key])).toEqual([])
    const checked = await castle(scratch, blue, ['secretbox', 'check'])
    expect(checked.stdout).toContain(`${NAME} is the recorded one`)
    here.project.set('prod', '/', NAME, Buffer.alloc(32, 7).toString('base64'))
    expect((await castle(scratch, blue, ['secretbox', 'check'])).status).not.toBe(0)
  },
)

test.each(MODES)('%s: what External Secrets needs is made of the values at the server', async (mode) => {
  await using scratch = new Scratch()
  const [id, secret] = [canary('id'), `${canary('secret')}" $\\`]
  const here = await lab({
    mode,
    secrets: { BLUE_B1E00000_INFISICAL_CLIENT_ID: id, BLUE_B1E00000_INFISICAL_CLIENT_SECRET: secret },
  })
  await using server = here.server
  await makeVault(scratch)
  expect((await login(scratch, here)).status).toBe(0)
  const blue = await labCastle(scratch, here)
  const render = (...args: string[]) => castle(scratch, blue, ['render', ...args])

  const done = await render('eso')
  expect(done).toMatchObject({ status: 0, stderr: '' })
  const [identity, store] = parseAllDocuments(done.stdout).map((one) => one.toJS())
  expect(identity.stringData).toEqual({ clientId: id, clientSecret: secret })
  expect(store.spec.provider.infisical.secretsScope.secretsPath).toBe('/castles/blue/apps')

  const wanted = ['external-secret', 'app', '--namespace', 'default', '--key', 'DB_PASSWORD']
  here.project.addFolder('prod', '/castles')
  here.project.addFolder('prod', '/castles/blue')
  here.project.addFolder('prod', '/castles/blue/apps')
  here.project.set('prod', '/castles/blue/apps', 'DB_PASSWORT', 'x')
  const missing = await render(...wanted)
  expect(missing).toMatchObject({ status: 65, stdout: '' })
  expect(missing.stderr).toContain(`"DB_PASSWORD" is not in ${new URL(server.origin).origin}`)
  expect(missing.stderr).toContain('did you mean DB_PASSWORT?')
  expect(missing.stderr).toContain('next: tazpod secrets push DB_PASSWORD --path /castles/blue/apps')
  here.project.set('prod', '/castles/blue/apps', 'DB_PASSWORD', 'x')
  expect(parse((await render(...wanted)).stdout).spec.data).toHaveLength(1)

  here.project.remove('prod', '/', 'BLUE_B1E00000_INFISICAL_CLIENT_SECRET')
  const gone = await render('eso')
  expect(gone).toMatchObject({ status: 65, stdout: '' })
  expect(gone.stderr).toContain('next: tazpod secrets push BLUE_B1E00000_INFISICAL_CLIENT_SECRET')
  await must(scratch, ['lock'], { cwd: blue })
  expect(await until(() => scratch.processes().length === 0, 20_000)).toBe(true)
  expect(scan([scratch.root], [id, secret])).toEqual([])
})

test('terraform is not started with a token that would end in the middle', async () => {
  await using scratch = new Scratch()
  const here = await lab({
    ttl: 600,
    maxTtl: 3600,
    secrets: { BLUE_B1E00000_TALOS_SECRETBOX_KEY: Buffer.alloc(32, 7).toString('base64') },
  })
  await using _server = here.server
  await makeVault(scratch)
  expect((await login(scratch, here)).status).toBe(0)
  const blue = await labCastle(scratch, here)
  expect(readFileSync(join(blue, 'tazpod.yaml'), 'utf8')).toContain('identity: token')
  const refused = await tazpod(scratch, ['castle', 'plan'], { passphrase: PASSPHRASE, cwd: blue })
  expect(refused).toMatchObject({ status: 77, stdout: '' })
  expect(refused.stderr).toMatch(/the session token that terraform gets ends in (9|10)m/)
  expect(refused.stderr).toContain('longer access token TTL')
  await must(scratch, ['lock'], { cwd: blue })
})

test.each(MODES)('%s: a castle on the vault asks as the cluster will', async (mode) => {
  await using scratch = new Scratch()
  const here = await lab({ mode })
  await using server = here.server
  here.project.addFolder('prod', '/castles')
  here.project.addFolder('prod', '/castles/blue')
  here.project.addFolder('prod', '/castles/blue/apps')
  here.project.set('prod', '/castles/blue/apps', 'DB_PASSWORD', 'x')
  await makeVault(scratch, {
    [`${PREFIX}INFISICAL_CLIENT_ID`]: here.identity.clientId,
    [`${PREFIX}INFISICAL_CLIENT_SECRET`]: here.identity.clientSecret,
    ONLY_IN_THE_VAULT: 'x',
  })
  const blue = await newCastle(scratch, 'blue')
  const file = join(blue, 'terraform.tfvars')
  const tfvars = readFileSync(file, 'utf8')
    .replace(/(infisical_host +=).*/, `$1 "${server.origin}"`)
    .replace(/(infisical_project_id +=).*/, `$1 "${here.project.id}"`)
  writeFileSync(file, tfvars)
  const render = (key: string) =>
    castle(scratch, blue, ['render', 'external-secret', 'app', '--namespace', 'default', '--key', key])
  const done = await render('DB_PASSWORD')
  expect(done, done.stderr).toMatchObject({ status: 0 })
  expect(parse(done.stdout)).toMatchObject({
    kind: 'ExternalSecret',
    metadata: { name: 'app', namespace: 'default' },
    spec: { data: [{ secretKey: 'DB_PASSWORD', remoteRef: { key: 'DB_PASSWORD' } }] },
  })
  const missing = await render('ONLY_IN_THE_VAULT')
  expect(missing).toMatchObject({ status: 65, stdout: '' })
  expect(missing.stderr).toContain('folder /castles/blue/apps')
  expect(missing.stderr).toContain('next: tazpod secrets push ONLY_IN_THE_VAULT --path /castles/blue/apps')
  expect(server.liveTokens).toBe(0)
})
