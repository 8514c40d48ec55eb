import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { scanBytes } from '../support/canary.ts'
import { terraform } from '../support/castle/castle.ts'
import { run } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'
import { ARTICLE, blue, type Finding, findings, folder, lint, scratch } from './linted.ts'

describe('--fix', () => {
  const BROKEN =
    `${ARTICLE}
variable "db_password" {
  type = string
}
variable "api_token" { type = string }
locals {
  again = "https://eu.infisical.com"
  odd   = "10.0.0.1\\" $$` +
    `{x}"
  pass  = var.db_password
  token = var.api_token
  auth  = { universalAuth = {} }
}
output "p" { value = var.db_password }
`
  test.skipIf(!need('terraform', 'that fixed code is formatted'))(
    'repairs the mechanical ones; terraform finds nothing to format, and reads the same values',
    async () => {
      const root = folder({
        'main.tf': BROKEN,
        'tazpod.yaml':
          'version: 1\nbinds:\n  - { path: s.auto.tfvars, format: tfvars, values: { db_password: P, api_token: T } }\n',
      })
      const done = await lint(root, '--fix', '--json')
      const report = JSON.parse(done.stdout)
      expect(report.findings.map(({ rule }: Finding) => rule)).toEqual(
        ['variable-unused'].filter(() => false),
      )
      expect(report.fixed).toBeGreaterThanOrEqual(6)
      expect(await terraform(scratch, root, ['fmt', '-check', '-diff'])).toMatchObject({
        status: 0,
        stdout: '',
      })
      const values = readFileSync(join(root, 'terraform.tfvars'), 'utf8')
      expect(values).toContain('infisical_host = "https://eu.infisical.com"')
      expect(readFileSync(join(root, 'main.tf'), 'utf8')).toContain('host = var.infisical_host')
      rmSync(join(root, 'main.tf'))
      writeFileSync(join(root, 'main.tf'), 'output "odd" {\n  value = var.locals_odd\n}\n')
      writeFileSync(
        join(root, 'variables.tf'),
        'variable "locals_odd" {}\nvariable "infisical_host" {}\nvariable "locals_again" {}\n',
      )
      await terraform(scratch, root, ['apply', '-auto-approve', '-input=false'])
      const odd = await terraform(scratch, root, ['output', '-json', 'odd'])
      expect(JSON.parse(odd.stdout)).toBe('10.0.0.1" $' + '{x}')
    },
  )

  test('the second run has nothing left to do', async () => {
    const root = folder({ 'main.tf': BROKEN })
    await lint(root, '--fix')
    const before = ['main.tf', 'variables.tf', 'terraform.tfvars'].map((name) =>
      readFileSync(join(root, name), 'utf8'),
    )
    expect(JSON.parse((await lint(root, '--fix', '--json')).stdout).fixed).toBe(0)
    expect(
      ['main.tf', 'variables.tf', 'terraform.tfvars'].map((name) => readFileSync(join(root, name), 'utf8')),
    ).toEqual(before)
  })

  test.skipIf(!need('terraform', 'that a fix changes nothing for terraform'))(
    'a literal of a module that others use stays there, and terraform finds nothing missing',
    async () => {
      const root = folder({
        'main.tf': 'terraform {\n  backend "local" {}\n}\nmodule "m" {\n  source = "./m"\n}\n',
        'm/main.tf': 'locals { a = "10.0.0.1" }\noutput "a" {\n  value = local.a\n}\n',
      })
      const done = await lint(root, '--fix')
      expect(done.stderr).toContain('m: 1 literal stays in the code: terraform is not started here')
      expect(readFileSync(join(root, 'm/main.tf'), 'utf8')).toContain('"10.0.0.1"')
      expect(() => readFileSync(join(root, 'm/terraform.tfvars'))).toThrow()
      await terraform(scratch, root, ['init', '-backend=false'])
      expect((await terraform(scratch, root, ['validate'])).status).toBe(0)
    },
  )

  test.skipIf(!need('terraform', 'that a fix changes nothing for terraform'))(
    'a fix after which terraform would say an error is not made, and the others with it',
    async () => {
      const code = `terraform {\n  backend "local" {}\n}\nresource "terraform_data" "x" {\n  input = "10.0.0.2"\n  provisioner "local-exec" {\n    when    = destroy\n    command = "10.0.0.1"\n  }\n}\n`
      const root = folder({ 'main.tf': code })
      const done = await lint(root, '--fix')
      expect(done.stderr).toContain(
        'nothing was changed: afterwards terraform would say "Invalid reference from destroy provisioner',
      )
      expect(readFileSync(join(root, 'main.tf'), 'utf8')).toBe(code)
      const good = folder({ 'main.tf': code.replace('command = "10.0.0.1"', 'command = "true"') })
      const fixed = await lint(good, '--fix')
      expect([fixed.status, fixed.stderr]).toEqual([0, ''])
      expect(readFileSync(join(good, 'terraform.tfvars'), 'utf8')).toContain('"10.0.0.2"')
    },
  )

  test.skipIf(!need('terraform', 'that a fix is proved in a copy'))(
    'the copy touches nothing of a folder that is initialised, and leaves nothing in memory',
    async () => {
      const root = folder({
        'main.tf':
          'terraform {\n  backend "local" {}\n}\nmodule "m" {\n  source = "./m"\n  a = "10.0.0.1"\n}\n',
        'm/main.tf': 'variable "a" {\n  type = string\n}\noutput "a" {\n  value = var.a\n}\n',
      })
      scratch.own(root)
      await terraform(scratch, root, ['init', '-input=false'])
      const before = await run(
        scratch,
        ['sh', '-c', 'find .terraform -type f -exec stat -c "%n %Y %s" {} +'],
        { cwd: root },
      )
      const done = await lint(root, '--fix')
      expect([done.status, done.stderr]).toEqual([0, ''])
      expect(readFileSync(join(root, 'terraform.tfvars'), 'utf8')).toContain('"10.0.0.1"')
      const after = await run(
        scratch,
        ['sh', '-c', 'find .terraform -type f -exec stat -c "%n %Y %s" {} +'],
        { cwd: root },
      )
      expect(after.stdout).toBe(before.stdout)
      const left = await run(scratch, [
        'sh',
        '-c',
        'ls -d "$XDG_RUNTIME_DIR"/tazpod-lint-* /dev/shm/tazpod-lint-* 2>/dev/null',
      ])
      expect(left.stdout).toBe('')
    },
  )

  test('what can not be proved is said', async () => {
    const done = await lint(folder({ 'main.tf': ARTICLE }), '--fix')
    expect(done.stderr).toBe(
      'not proved with terraform validate: the providers of this folder are not installed (terraform init)\n',
    )
  })

  test('a secret in an address is never moved into a committed file', async () => {
    const secrets = [
      'postgres://app:s3cret@db.lan/app',
      'https://hooks.slack.com/services/T0001/B0002/abcdef',
    ]
    const code = `provider "x" {}\nlocals {\n  dsn = "${secrets[0]}"\n  hook = "${secrets[1]}"\n}\n`
    const root = folder({ 'main.tf': code })
    const done = await lint(root, '--fix', '--json')
    expect(JSON.parse(done.stdout).findings.map(({ rule }: Finding) => rule)).toEqual([
      'literal-token',
      'literal-token',
    ])
    expect(readFileSync(join(root, 'main.tf'), 'utf8')).toBe(code)
    expect(() => readFileSync(join(root, 'terraform.tfvars'))).toThrow()
    expect(scanBytes(Buffer.from(done.stdout + done.stderr), ['s3cret', 'T0001/B0002'])).toEqual([])
    const values = folder({
      'main.tf': 'variable "dsn" {\n  type = string\n}\nlocals { a = var.dsn }\n',
      'terraform.tfvars': `dsn = "${secrets[0]}"\n`,
    })
    expect((await findings(values)).map(({ rule }) => rule)).toEqual(['secret-in-tfvars'])
  })

  test.skipIf(!need('git', 'values that git ignores'))(
    'values that git ignores stay in the code',
    async () => {
      const root = folder({ 'main.tf': ARTICLE, '.gitignore': '*.tfvars\n' })
      scratch.own(root)
      await run(scratch, ['git', 'init', '-q', '.'], { cwd: root })
      const done = await lint(root, '--fix')
      expect(done.stderr).toContain('1 literal stays in the code: git ignores terraform.tfvars')
      expect(readFileSync(join(root, 'main.tf'), 'utf8')).toBe(ARTICLE)
    },
  )

  test('a castle in which one value was written into the code is clean again', async () => {
    const path = join(blue, 'main.tf')
    const before = readFileSync(path, 'utf8')
    writeFileSync(
      path,
      before.replace('repository = var.eso_chart_repository', 'repository = "https://charts.lan"'),
    )
    expect((await lint(blue)).status).toBe(65)
    const done = JSON.parse((await lint(blue, '--fix', '--json')).stdout)
    expect(done.findings.map(({ rule }: Finding) => rule)).toEqual(['variable-unused'])
    expect(readFileSync(path, 'utf8')).toContain('repository = var.external_secrets_repository')
  })
})
