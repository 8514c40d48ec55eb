/** `castle render` and `castle check eso` with the real binary; kubectl is a stub that writes down what it gets. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { canary, scan } from '../support/canary.ts'
import { castle, newCastle, PREFIX, terraform } from '../support/castle/castle.ts'
import { esoCrd } from '../support/castle/crd.ts'
import { documents, generated, patched, talosProblems } from '../support/castle/talos.ts'
import { tazpodBinary } from '../support/installed.ts'
import { makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { stub } from '../support/stub.ts'
import { type Run, run, tazpod } from '../support/tazpod.ts'
import { Terminal } from '../support/terminal.ts'
import { need } from '../support/tools.ts'

const ID = canary('id')
const SECRET = [canary('secret'), '" $', '{x}\n\\'].join('')
let scratch: Scratch
let blue: string
let kubectl: ReturnType<typeof stub>
beforeAll(async () => {
  scratch = new Scratch()
  kubectl = stub(scratch, 'kubectl', 'echo "secret/universal-auth-credentials serverside-applied"')
  const more = { BLUE_B1E00000_KUBECONFIG_CONTENT: 'k', DB_PASSWORD: 'x', API_TOKEN: 'y' }
  await makeVault(scratch, {
    BLUE_B1E00000_INFISICAL_CLIENT_ID: ID,
    BLUE_B1E00000_INFISICAL_CLIENT_SECRET: SECRET,
    ...more,
  })
  blue = await newCastle(scratch, 'blue')
  await must(scratch, ['castle', 'secretbox', 'new'], { cwd: blue, passphrase: PASSPHRASE })
})
afterAll(() => scratch[Symbol.asyncDispose]())

const render = (...args: string[]): Promise<Run> => castle(scratch, blue, ['render', ...args])

describe('talos-patch', () => {
  test.each([
    ['v1.11.5', 'field'],
    ['v1.13.10', 'field'],
    ['v1.14.0', 'document'],
    [undefined, 'document'],
  ])('has exactly the stored key, in the form of Talos %s', async (version, form) => {
    const key = await must(scratch, ['vault', 'get', '--reveal', `${PREFIX}TALOS_SECRETBOX_KEY`], {
      cwd: blue,
      passphrase: PASSPHRASE,
    })
    const done = await render('talos-patch', ...(version === undefined ? [] : ['--talos-version', version]))
    expect(done).toMatchObject({ status: 0 })
    const secretbox = { keys: [{ name: 'key2', secret: key }] }
    expect(parse(done.stdout)).toEqual(
      form === 'field'
        ? { cluster: { secretboxEncryptionSecret: key } }
        : {
            apiVersion: 'v1alpha1',
            kind: 'KubeEtcdEncryptionConfig',
            config: { resources: [{ resources: ['secrets'], providers: [{ secretbox }] }] },
          },
    )
    expect(done.stderr).toContain(form === 'field' ? '' : 'take that one out first ($patch: delete)')
    const minor = form === 'field' ? 13 : 14
    const others = generated(minor, 'controlplane').filter(({ kind }) => kind !== 'KubeEtcdEncryptionConfig')
    expect(talosProblems(minor, documents(done.stdout).reduce(patched, others))).toEqual(
      form === 'field' ? expect.any(Array) : [],
    )
    const adopted = await castle(scratch, blue, ['secretbox', 'adopt'], { stdin: done.stdout })
    expect(adopted, adopted.stderr).toMatchObject({ status: 0 })
  })

  test('for a version that is none it says so', async () => {
    const done = await render('talos-patch', '--talos-version', 'latest')
    expect(done).toMatchObject({ status: 65, stdout: '' })
    expect(done.stderr).toContain('Talos "latest" is no version of Talos 1')
  })

  test.skipIf(!need('terraform', 'the form for Terraform'))(
    '--hcl is the argument that the scaffold has',
    async () => {
      const { stdout } = await render('talos-patch', '--hcl')
      scratch.file('hcl/main.tf', `locals {\n  a = ${stdout.trim().replaceAll('\n', '\n  ')}\n}\n`)
      const folder = join(scratch.home, 'hcl')
      expect((await terraform(scratch, folder, ['fmt', '-check', '-diff'])).stdout).toBe('')
      expect(stdout).toContain('secretbox_encryption_secret = var.talos_secretbox_key')
    },
  )

  test('never goes onto a terminal or into a file', async () => {
    const key = 'KubeEtcdEncryptionConfig'
    const file = await run(
      scratch,
      [
        'sh',
        '-c',
        '"$0" castle render talos-patch --passphrase-fd 4 4<"$1" >"$2"',
        tazpodBinary(),
        scratch.file('p', `${PASSPHRASE}\n`),
        join(scratch.tmp, 'out'),
      ],
      { cwd: blue },
    )
    expect(file).toMatchObject({ status: 77 })
    expect(file.stderr).toContain('a file would hold the secrets in clear')
    expect(readFileSync(join(scratch.tmp, 'out'), 'utf8')).toBe('')
    await using terminal = new Terminal(scratch, [tazpodBinary(), 'castle', 'render', 'talos-patch'], {
      cwd: blue,
    })
    await terminal.waitForText('Passphrase of the vault:')
    terminal.line(PASSPHRASE)
    expect((await terminal.exit()).exitCode).toBe(77)
    expect(terminal.raw).not.toContain(key)
  })
})

describe('eso', () => {
  test('the identity is byte for byte what the store holds, and so is the store of the castle', async () => {
    const done = await render('eso')
    expect(done).toMatchObject({ status: 0, stderr: '' })
    const [identity, store] = parseAllDocuments(done.stdout).map((one) => one.toJS())
    expect(identity).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'universal-auth-credentials', namespace: 'external-secrets' },
      type: 'Opaque',
      stringData: { clientId: ID, clientSecret: SECRET },
    })
    expect(store).toMatchObject({
      apiVersion: 'external-secrets.io/v1',
      kind: 'ClusterSecretStore',
      spec: {
        conditions: [{ namespaces: ['default'] }],
        provider: { infisical: { hostAPI: 'https://app.infisical.com' } },
      },
    })
    const auth = store.spec.provider.infisical.auth.universalAuthCredentials
    expect(auth.clientId).toEqual({
      name: 'universal-auth-credentials',
      namespace: 'external-secrets',
      key: 'clientId',
    })
  })

  test.each([
    ['0.9.20', 'v1beta1', {}],
    ['0.10.3', 'v1beta1', {}],
    ['0.10.5', 'v1beta1', { recursive: false }],
    ['0.14.3', 'v1beta1', { recursive: false }],
    ['0.14.4', 'v1beta1', { recursive: false, expandSecretReferences: true }],
    ['0.15.1', 'v1beta1', { recursive: false, expandSecretReferences: true }],
    ['0.16.0', 'v1', { recursive: false, expandSecretReferences: true }],
    ['v1.2.1', 'v1', { recursive: false, expandSecretReferences: true }],
    ['2.9.0', 'v1', { recursive: false, expandSecretReferences: true }],
  ])('%s gets apiVersion %s and only the fields that it knows', async (version, api, extra) => {
    const done = await render('eso', '--only', 'store', '--eso-version', version)
    const store = parse(done.stdout)
    expect(store.apiVersion).toBe(`external-secrets.io/${api}`)
    expect(store.spec.provider.infisical.secretsScope).toEqual({
      projectSlug: 'lab',
      environmentSlug: 'prod',
      secretsPath: '/castles/blue/apps',
      ...extra,
    })
    expect(done.stderr).toContain(
      version.startsWith('0.9') || version.startsWith('0.10') ? 'says Ready even with wrong' : '',
    )
  })

  test.each([
    [['--eso-version', '0.9.19'], 'has no Infisical provider'],
    [['--eso-version', '3.0.0'], 'is newer than this tazpod knows'],
    [['--eso-version', 'latest'], 'is no version'],
    [['--eso-version', '0.10.3', '--recursive'], 'does not know recursive (since 0.10.5)'],
    [['--eso-version', '2.6.0', '--organization', 'x'], 'does not know organizationSlug (since 2.7.0)'],
    [['--eso-version', '1.2.0', '--ca-secret', 'x'], 'does not know caProvider (since 1.2.1)'],
    [['--namespace', 'a/b'], 'is no DNS label'],
  ])('%j is refused before anything is asked', async (args, words) => {
    const done = await castle(scratch, blue, ['render', 'eso', ...args])
    expect(done).toMatchObject({ status: 65, stdout: '' })
    expect(done.stderr).toContain(words)
  })

  test('the store never reads the folder of the infrastructure, nor stands open to every namespace', async () => {
    const given = await render(
      'eso',
      '--only',
      'store',
      '--path',
      '/shop',
      '--allow',
      'shop',
      '--allow',
      'web',
    )
    expect(parse(given.stdout).spec).toMatchObject({
      conditions: [{ namespaces: ['shop', 'web'] }],
      provider: { infisical: { secretsScope: { secretsPath: '/shop' } } },
    })
    for (const path of [
      '/castles/blue/infrastructure',
      '/castles/blue',
      '/',
      '/castles/blue/infrastructure/',
    ]) {
      const refused = await render('eso', '--only', 'store', '--path', path)
      expect(refused).toMatchObject({ status: 77, stdout: '' })
      expect(refused.stderr).toContain('is the folder of the infrastructure, or above it')
    }
    const file = join(blue, 'terraform.tfvars')
    const before = readFileSync(file, 'utf8')
    writeFileSync(file, before.replace(/^(infisical_apps_path|apps_namespaces).*\n/gm, ''))
    const old = await render('eso', '--only', 'store')
    writeFileSync(file, before)
    expect(old).toMatchObject({ status: 77, stdout: '' })
    expect(old.stderr).toContain('terraform.tfvars has no infisical_apps_path')
    expect(old.stderr).toContain('next: tazpod castle render eso --path /castles/blue/apps --allow default')
  })

  test('--apply streams it into kubectl: nothing on argv, nothing on the disk', async () => {
    await must(scratch, ['trust', '--yes'], { cwd: blue })
    await must(scratch, ['pull'], { cwd: blue, passphrase: PASSPHRASE })
    const done = await tazpod(scratch, ['castle', 'render', 'eso', '--apply'], {
      passphrase: PASSPHRASE,
      cwd: blue,
    })
    expect(done).toMatchObject({
      status: 0,
      stdout: 'secret/universal-auth-credentials serverside-applied\n',
    })
    const [call] = kubectl()
    expect(call?.argv).toBe('apply --server-side --field-manager=tazpod -f -')
    expect(call?.stdin.toString()).toContain(ID)
    rmSync(join(scratch.root, 'stub-kubectl'), { recursive: true })
    scratch.folder('stub-kubectl')
    expect(scan([scratch.root], [ID])).toEqual([])
    await must(scratch, ['lock'], { cwd: blue })
  })

  test('--apply while locked starts no kubectl', async () => {
    const before = kubectl().length
    const done = await castle(scratch, blue, ['render', 'eso', '--apply', '--non-interactive'])
    expect(done.status).toBe(69)
    expect(kubectl().length).toBe(before)
  })
})

describe('external-secret', () => {
  test('a secret of the infrastructure is refused, and so is a namespace that the store refuses', async () => {
    const args = ['external-secret', 'app', '--namespace', 'default', '--key']
    for (const what of [
      'TALOS_SECRETBOX_KEY',
      'KUBECONFIG_CONTENT',
      'PROXMOX_API_TOKEN',
      'CASTLE_RECORD_KEY',
    ]) {
      const refused = await render(...args, `${PREFIX}${what}`)
      expect(refused).toMatchObject({ status: 77, stdout: '' })
      expect(refused.stderr).toContain(`${PREFIX}${what} belongs to the infrastructure of castle blue`)
    }
    const other = await render('external-secret', 'app', '--namespace', 'kube-system', '--key', 'DB_PASSWORD')
    expect(other).toMatchObject({ status: 77, stdout: '' })
    expect(other.stderr).toContain('the store takes no ExternalSecret of the namespace "kube-system"')
  })

  test('without an identity for the cluster nobody can look', async () => {
    await using other = new Scratch()
    await makeVault(other)
    const cwd = await newCastle(other, 'blue')
    const args = ['render', 'external-secret', 'app', '--namespace', 'default', '--key', 'DB_PASSWORD']
    const done = await castle(other, cwd, args)
    expect(done).toMatchObject({ status: 65, stdout: '' })
    expect(done.stderr).toContain('External Secrets would have nothing to log in with')
    expect(done.stderr).toContain(`next: tazpod vault set ${PREFIX}INFISICAL_CLIENT_ID`)
  })

  test.each([
    [['--key', 'a/b', '--eso-version', '0.16.1'], 'only since 0.17.0'],
    [['--key', 'x\ny'], 'can not be a key'],
    [['--key', 'DB_PASSWORD', '--refresh', 'often'], 'is no duration'],
  ])('%j is refused', async (args, words) => {
    const done = await render('external-secret', 'app', '--namespace', 'default', ...args)
    expect(done).toMatchObject({ status: 65, stdout: '' })
    expect(done.stderr).toContain(words)
  })
})

describe('check eso', () => {
  const OLD = esoCrd({ served: ['v1beta1'] })
  const NEW = esoCrd({
    served: ['v1'],
    all: ['v1beta1', 'v1'],
    scope: ['recursive', 'expandSecretReferences'],
  })
  const check = (crd: string, ...manifests: string[]): Promise<Run> => {
    const files = manifests.map((text, i) => scratch.file(`manifest-${i}.yaml`, text))
    const args = ['castle', 'check', 'eso', '--crd', scratch.file('crd.yaml', crd), ...files]
    return run(scratch, [tazpodBinary(), ...args], { cwd: blue })
  }

  test('what castle render makes for a version fits the CRD of that version', async () => {
    const old = (await render('eso', '--only', 'store', '--eso-version', '0.10.3')).stdout
    expect(await check(OLD, old)).toMatchObject({ status: 0 })
    const now = (await render('eso', '--only', 'store', '--eso-version', '0.17.0')).stdout
    expect(await check(NEW, now)).toMatchObject({ status: 0 })
    expect((await check(NEW, old)).stdout).toContain('not served any more')
    expect((await check(OLD, now)).stdout).toContain('recursive')
    expect(await check(NEW)).toMatchObject({ status: 0 })
  })

  const ARTICLE = `apiVersion: external-secrets.io/v1beta1
kind: ClusterSecretStore
metadata:
  name: infisical
spec:
  provider:
    infisical:
      hostAPI: https://eu.infisical.com/api/
      auth:
        universalAuth:
          clientId: { name: universal-auth-credentials, key: clientId }
          clientSecret: { name: universal-auth-credentials, key: clientSecret }
      secretsScope:
        projectSlug: lab
        enviromentSlug: prod
`

  test("the article's store: each mistake with its place and the right word", async () => {
    const done = await check(OLD, ARTICLE)
    expect(done.status).toBe(65)
    const file = join(scratch.home, 'manifest-0.yaml')
    expect(done.stdout).toContain(
      `${file}:10:9: error: spec.provider.infisical.auth.universalAuth: universalAuth is a field of`,
    )
    expect(done.stdout).toContain('write universalAuthCredentials with clientId and clientSecret')
    expect(done.stdout).toContain(`${file}:15:9: error: spec.provider.infisical.secretsScope.enviromentSlug`)
    expect(done.stdout).toContain('did you mean environmentSlug?')
    expect(done.stdout).toContain('environmentSlug is missing')
    expect(done.stdout).toContain('this becomes …/api/api/ before 0.18.2')
  })

  test('selectors: a cluster-wide store needs the namespace, a namespaced one must not name another', async () => {
    const right = ARTICLE.replace('universalAuth:', 'universalAuthCredentials:')
      .replace('enviroment', 'environment')
      .replace('/api/', '')
    expect((await check(OLD, right)).stdout).toContain('add namespace')
    const spaced = right
      .replace('ClusterSecretStore', 'SecretStore')
      .replace('name: infisical', 'name: infisical, namespace: app')
      .replace(
        'metadata:\n  name: infisical, namespace: app',
        'metadata: { name: infisical, namespace: app }',
      )
      .replace('key: clientId', 'key: clientId, namespace: other')
    expect((await check(OLD, spaced)).stdout).toContain('may not read from the namespace "other"')
  })

  test.each([
    ['no CRD in it', 'a: 1', 'holds no CustomResourceDefinition'],
    ['no YAML', 'a: [', 'is no YAML'],
  ])('a CRD file with %s is refused', async (_, crd, words) => {
    const done = await check(crd, ARTICLE)
    expect(done).toMatchObject({ status: 65, stdout: '' })
    expect(done.stderr).toContain(words)
  })

  test('a manifest of something else, and one that is no YAML', async () => {
    expect(await check(NEW, 'apiVersion: v1\nkind: Secret\n')).toMatchObject({ status: 65, stdout: '' })
    writeFileSync(join(scratch.home, 'x.yaml'), 'a: [')
    expect((await check(NEW, 'a: [')).stdout).toContain('this is no YAML')
  })
})
