/** `castle lint` with the real binary: a labelled corpus of mistakes, and no alarm on what castle new makes. */
import { appendFileSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { canary, scanBytes } from '../support/canary.ts'
import { BLUE, newCastle } from '../support/castle/castle.ts'
import { Scratch } from '../support/scratch.ts'
import { run, tazpod } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'
import { ARTICLE, type Finding, findings, folder, lint, scratch } from './linted.ts'

test.each(['vault', 'infisical'])('what castle new makes has no finding: %s', async (provider) => {
  await using other = new Scratch()
  const flags = BLUE.map((word) => (word === 'vault' ? provider : word))
  const made = await newCastle(other, 'red', flags)
  const done = await tazpod(other, ['castle', 'lint'], { cwd: made })
  expect(done).toMatchObject({ status: 0, stdout: '7 files: 0 errors, 0 warnings, 0 notes\n' })
})

test("the article's own literal is found, at its place", async () => {
  const found = await findings(folder({ 'providers.tf': ARTICLE }))
  expect(found).toMatchObject([
    { rule: 'literal-url', severity: 'error', file: 'providers.tf', line: 2, column: 11 },
  ])
  const people = await lint(folder({ 'providers.tf': ARTICLE }))
  expect(people.status).toBe(65)
  expect(people.stdout).toContain('providers.tf:2:11: error: host holds an address [literal-url]')
})

/** Each line: the rule that has to speak, and code that breaks it (`locals` unless it is a block of its own). */
const CORPUS: readonly [rule: string, code: string][] = [
  ['literal-url', 'locals { a = "git::https://git.lan/x.git" }'],
  ['literal-url', 'locals { a = "https://eu.infisical.com/$' + '{local.b}" }'],
  ['literal-url', 'locals { a = [{ b = format("%s", "oci://ghcr.io/x") }] }'],
  ['literal-url', 'locals {\n  a = <<-EOT\n    x: y\n    url: https://a.example\n  EOT\n}'],
  [
    'literal-url',
    'variable "a" {\n  type = string\n  default = "https://a.example"\n}\nlocals { b = var.a }',
  ],
  ['literal-ip', 'locals { a = "10.0.0.1" }'],
  ['literal-ip', 'locals { a = { b = ["10.0.0.0/8"] } }'],
  ['literal-ip', 'locals { a = true ? "192.168.1.7" : "" }'],
  ['literal-ip', 'locals { a = "fd00::1" }'],
  ['literal-ip', 'locals { a = "02:00:00:aa:bb:cc" }'],
  ['literal-ip', 'resource "x" "y" {\n  z {\n    w { address = "10.1.2.3" }\n  }\n}'],
  ['literal-host', 'locals { server = "pve" == "" ? "" : "pve.lan:8006" }'],
  ['literal-host', 'locals { a = "eu.infisical.com" }'],
  ['literal-uuid', 'locals { a = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0" }'],
  ['literal-token', 'locals { a = "ghp_0123456789abcdefghijABCDEFGHIJ012345" }'],
  ['literal-token', 'locals { a = "AKIAIOSFODNN7EXAMPLE" }'],
  ['literal-token', 'locals { a = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=" }'],
  ['literal-token', 'locals {\n  a = <<EOT\n-----BEGIN PRIVATE KEY-----\nEOT\n}'],
  ['literal-path', 'locals { a = "/home/ada/x" }'],
  ['literal-path', 'locals { a = file("~/.kube/config") }'],
  ['literal-path', 'terraform {\n  backend "local" {\n    path = "../state/terraform.tfstate"\n  }\n}'],
  ['literal-slug', 'data "x" "y" { env_slug = "prod" }'],
  ['literal-slug', 'locals { a = yamlencode({ secretsScope = { projectSlug = "lab" } }) }'],
  ['variable-undeclared', 'locals { a = var.nowhere }'],
  ['variable-undeclared', 'locals { a = [for x in [] : "$' + '{upper(var.nowhere)}"] }'],
  ['variable-unset', 'provider "x" {}\nvariable "a" {\n  type = string\n}\nlocals { b = var.a }'],
  ['variable-unused', 'variable "a" {\n  type = string\n  default = ""\n}'],
  ['variable-untyped', 'variable "a" { default = "" }\nlocals { b = var.a }'],
  ['variable-twice', 'variable "a" { default = 1 }\nvariable "a" { default = 2 }\nlocals { b = var.a }'],
  [
    'secret-not-sensitive',
    'variable "db_password" {\n  type = string\n  default = ""\n}\nlocals { a = var.db_password }',
  ],
  [
    'secret-not-sensitive',
    'variable "infisical_client_id" {\n  type = string\n  default = ""\n  sensitive = false\n}\nlocals { a = var.infisical_client_id }',
  ],
  [
    'secret-not-sensitive',
    'variable "x" {\n  type = string\n  default = ""\n  sensitive = true\n}\noutput "y" { value = "a$' +
      '{var.x}" }',
  ],
  ['secret-not-sensitive', 'output "y" { value = talos_cluster_kubeconfig.this.kubeconfig_raw }'],
  [
    'secret-default',
    'variable "db_password" {\n  type = string\n  default = "hunter2"\n  sensitive = true\n}\nlocals { a = var.db_password }',
  ],
  [
    'secret-could-be-ephemeral',
    'variable "t" {\n  type = string\n  default = ""\n  sensitive = true\n}\nprovider "x" { api = var.t }',
  ],
  [
    'secret-validation',
    'variable "api_token" {\n  type = string\n  sensitive = true\n  validation {\n    condition = length(var.api_token) == 3\n    error_message = "No."\n  }\n}\nlocals { a = var.api_token }',
  ],
  ['talos-cert-sans', 'locals { a = yamlencode({ cluster = { certSANs = [local.x] } }) }'],
  ['talos-cert-sans', 'locals { a = yamlencode({ machine = { apiServer = { certSANs = [] } } }) }'],
  [
    'talos-two-keys',
    'locals { a = { cluster = { secretboxEncryptionSecret = local.x, aescbcEncryptionSecret = local.y } } }',
  ],
  ['talos-key-by-terraform', 'locals { a = { secretboxEncryptionSecret = random_bytes.key.base64 } }'],
  ['talos-dhcp', 'locals { a = { machine = { network = { interfaces = [{ dhcp = true }] } } } }'],
  ['eso-universal-auth', 'locals { a = { infisical = { auth = { universalAuth = {} } } } }'],
  ['eso-universal-auth', 'locals {\n  a = <<EOT\nauth:\n  universalAuth:\n    x: y\nEOT\n}'],
  [
    'eso-namespace',
    'locals { a = { kind = "ClusterSecretStore", auth = { universalAuthCredentials = { clientId = { name = local.n, key = "k" } } } } }',
  ],
  ['eso-host-api', 'locals { a = { hostAPI = "https://i.lan/api/" } }'],
  ['sops-reference', 'data "sops_file" "x" { source_file = local.f }'],
  ['hcl-syntax', 'locals {\n  a = \n}'],
]

test.each(CORPUS)('%s: %s', async (rule, code) => {
  const root = folder({ 'main.tf': `${code}\n` })
  expect((await findings(root)).map((one) => one.rule)).toContain(rule)
})

test('secrets are found where the scanners find them, and not beside', async () => {
  const found = await findings(
    folder({
      'main.tofu': 'provider "x" {\n  password = "hunter2"\n}\n',
      'config.yaml.tftpl': `host: \${host}\npassword: hunter2\ntoken: \${token}\nsecretName: app-credentials\n`,
      'main.tf':
        'resource "x" "y" {\n  data = { DB_PASSWORD = "pa55", HOST_NAME = local.x }\n}\nvariable "private_key_path" {\n  type      = string\n  default   = "~/.oci/key.pem"\n  sensitive = true\n}\nlocals { a = var.private_key_path }\n',
      'm/main.tf':
        'variable "needed" {\n  type = string\n}\nlocals {\n  a = var.needed\n  b = "/healthz"\n  c = "cluster.local"\n  d = ["Microsoft.Storage"]\n}\n',
    }),
  )
  expect(found.map(({ file, line, rule }) => [file, line, rule])).toEqual([
    ['config.yaml.tftpl', 2, 'literal-token'],
    ['main.tf', 2, 'literal-token'],
    ['main.tf', 6, 'literal-path'],
    ['main.tofu', 2, 'literal-token'],
  ])
})

test('versions that get no fixes, that do not go together, and forms that they refuse', async () => {
  const code =
    'variable "talos_version" {\n  type = string\n}\nvariable "kubernetes_version" {\n  type = string\n}\n'
  const use =
    'locals {\n  a = [var.talos_version, var.kubernetes_version]\n  b = yamlencode({ machine = { network = { hostname = local.n } }, cluster = { apiServer = {} } })\n}\n'
  const said = async (talos: string, kubernetes: string) => {
    const values = `talos_version = "${talos}"\nkubernetes_version = "${kubernetes}"\n`
    const found = await findings(folder({ 'main.tf': code + use, 'terraform.tfvars': values }))
    return found.map(({ rule, message }) => `${rule}: ${message}`)
  }
  expect(await said('v1.14.2', '1.37.1')).toEqual([
    'talos-old-form: Talos v1.14.2 refuses machine.network.hostname: it generates a document for that',
    'talos-old-form: Talos v1.14.2 refuses cluster.apiServer: it generates a document for that',
  ])
  expect(await said('v1.9.5', '1.32.3')).toEqual([
    expect.stringContaining('talos-version: Talos v1.9.5 gets no fixes any more'),
  ])
  expect(await said('v1.11.0', '1.34.0')).toEqual([
    'talos-version: Talos 1.11 gets no fixes since 2025-12-22; the newest known here is 1.14',
  ])
  expect(await said('v1.15.0', '1.37.0')).toContainEqual(
    expect.stringContaining('is newer than this tazpod knows'),
  )
  expect(await said('v1.12.0', '1.37.0')).toEqual([
    expect.stringContaining('refuses machine.network.hostname'),
    'talos-version: Talos 1.12 gets no fixes since 2026-04-27; the newest known here is 1.14',
    'talos-version: Talos 1.12 runs Kubernetes 1.30 to 1.35, not 1.37.0',
  ])
})

/** Code that looks like a mistake and is none. */
const FINE: readonly string[] = [
  'terraform {\n  required_providers {\n    x = {\n      source  = "mirror.lan/a/b"\n      version = "1.2.3"\n    }\n  }\n}',
  'module "m" {\n  source = "git::https://git.lan/m.git?ref=v1"\n}',
  'variable "a" {\n  type        = string\n  default     = ""\n  description = "As https://a.example or 10.0.0.1"\n}\nlocals { b = var.a }',
  'locals { a = yamlencode({ apiVersion = "external-secrets.io/v1", kind = "X" }) }',
  'locals { a = "https://$' + '{local.host}:$' + '{local.port}/x" }',
  'locals { a = "0.0.0.0/0" }',
  'locals { a = "$' + '{path.module}/files/x" }',
  'locals { a = "127.0.0.1" }',
  'locals { a = can(regex("^https://[^/]+$", local.b)) }',
  'locals { a = "1.30.2" }',
  'locals { a = "12:30:00" }',
  'locals { a = templatefile("$' + '{path.module}/x.tftpl", {}) }',
  'variable "secret_name" {\n  type    = string\n  default = ""\n}\nlocals { a = var.secret_name }',
  'output "f" {\n  value = nonsensitive(sha256(local.x))\n}',
  'locals {\n  a = <<-EOT\n    #cloud-config\n    x: $' + '{local.y}\n  EOT\n}',
]

test.each(FINE)('no false alarm: %s', async (code) => {
  expect(await findings(folder({ 'main.tf': `${code}\n` }))).toEqual([])
})

test('places are right in CRLF, with a byte order mark, in JSON, in heredocs and in modules below', async () => {
  const found = await findings(
    folder({
      'crlf.tf': 'locals {\r\n  a = "x"\r\n  b = "10.0.0.1"\r\n}\r\n',
      'bom.tf': '\uFEFFlocals { c = "10.0.0.2" }\n',
      'doc.tf': 'locals {\n  d = <<-EOT\n    a: 1\n    b: 10.0.0.3\n  EOT\n}\n',
      'x.tf.json': '{\n  "locals": {\n    "e": "10.0.0.4",\n    "f": "$' + '{var.gone}"\n  }\n}\n',
      'modules/m/main.tf': 'locals { g = "10.0.0.5" }\n',
      '.terraform/modules/x/main.tf': 'locals { h = "10.0.0.6" }\n',
    }),
  )
  expect(found.map(({ file, line, column, rule }) => [file, line, column, rule])).toEqual([
    ['bom.tf', 1, 15, 'literal-ip'],
    ['crlf.tf', 3, 8, 'literal-ip'],
    ['doc.tf', 4, 8, 'literal-ip'],
    ['modules/m/main.tf', 1, 15, 'literal-ip'],
    ['x.tf.json', 3, 10, 'literal-ip'],
    ['x.tf.json', 4, 10, 'variable-undeclared'],
  ])
})

test('JSON that is none has a place, and what it would declare is not guessed', async () => {
  const found = await findings(
    folder({ 'x.tf.json': '{\n  "variable": {,}\n}\n', 'main.tf': 'locals { a = var.b }\n' }),
  )
  expect(found).toMatchObject([{ rule: 'hcl-syntax', file: 'x.tf.json', line: 2 }])
})

test('a module below is asked for what it takes and needs', async () => {
  const found = await findings(
    folder({
      'main.tf': 'module "m" {\n  source = "./modules/m"\n  wrong  = 1\n}\n',
      'modules/m/main.tf': 'variable "a" {\n  type = string\n}\nlocals { b = var.a }\n',
    }),
  )
  expect(found.map(({ rule, message }) => [rule, message])).toEqual([
    ['module-input', 'module m needs a'],
    ['module-input', 'module m has no variable wrong'],
  ])
})

test('a link that leads nowhere, or into a circle, is no reason to stop', async () => {
  const root = folder({ 'main.tf': 'locals { a = "10.0.0.1" }\n' })
  symlinkSync('gone.tf', join(root, 'x.tf'))
  symlinkSync('.', join(root, 'loop'))
  expect(await findings(root)).toHaveLength(1)
})

test('a folder without Terraform code is an error, not a clean bill', async () => {
  expect(await lint(folder({ 'README.md': 'x' }))).toMatchObject({ status: 65, stdout: '' })
})

describe.skipIf(!need('git', 'what is tracked and ignored'))('with git', () => {
  test('files of secrets and state: tracked, not ignored, not empty; never opened, never shown', async () => {
    const secret = canary('lint')
    const root = folder({
      'main.tf': 'locals { a = 1 }\n',
      'secrets.tfvars': `password = "${secret}"\n`,
      'secrets.auto.tfvars': '',
      'terraform.tfstate': '{}',
    })
    const git = (...args: string[]) =>
      run(scratch, ['git', '-c', 'user.name=x', '-c', 'user.email=x', ...args], { cwd: root })
    scratch.own(root)
    await git('init', '-q', '.')
    await git('add', 'secrets.tfvars', 'terraform.tfstate')
    const done = await lint(root, '--json')
    const rules = (JSON.parse(done.stdout).findings as Finding[]).map(({ file, rule }) => [file, rule])
    expect(rules).toEqual([
      ['secrets.auto.tfvars', 'secrets-file-not-ignored'],
      ['secrets.tfvars', 'secrets-file-not-empty'],
      ['secrets.tfvars', 'secrets-file-tracked'],
      ['terraform.tfstate', 'state-tracked'],
    ])
    expect(scanBytes(Buffer.from(done.stdout + done.stderr), [secret])).toEqual([])
    await lint(root, '--fix')
    expect(readFileSync(join(root, '.gitignore'), 'utf8')).toBe('/secrets.auto.tfvars\n')
  })

  test('a repository that names a program in its configuration does not get it started', async () => {
    const root = folder({ 'main.tf': 'locals { a = 1 }\n' })
    await run(scratch, ['git', 'init', '-q', '.'], { cwd: root })
    const trap = scratch.file('trap.sh', `#!/bin/sh\ntouch ${scratch.home}/sprung\n`, 0o755)
    appendFileSync(join(root, '.git/config'), `[core]\n\tfsmonitor = ${trap}\n`)
    expect(await lint(root)).toMatchObject({ status: 0 })
    expect(() => readFileSync(join(scratch.home, 'sprung'))).toThrow()
  })
})

test('SARIF 2.1.0 names the rule, the file and the place of each finding', async () => {
  const { stdout, status } = await lint(folder({ 'a b.tf': ARTICLE }), '--sarif')
  expect(status).toBe(65)
  const report = JSON.parse(stdout)
  expect(report).toMatchObject({ version: '2.1.0', $schema: expect.stringContaining('sarif-2.1.0') })
  const [first] = report.runs[0].results
  expect(report.runs[0].tool.driver.rules[first.ruleIndex].id).toBe('literal-url')
  expect(first).toMatchObject({
    ruleId: 'literal-url',
    level: 'error',
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: 'a%20b.tf' },
          region: { startLine: 2, startColumn: 11, endLine: 2, endColumn: 35 },
        },
      },
    ],
  })
})
