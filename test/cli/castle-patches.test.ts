/** What the scaffold says, evaluated by the real terraform without a provider: who gets which patch, and what is quoted. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { castleSecrets, newCastle, terraform } from '../support/castle.ts'
import { makeVault } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { need } from '../support/tools.ts'

test.skipIf(!need('terraform', "the patches of a castle's nodes"))(
  "the key of etcd goes to control planes only, as in Talos' own configs",
  async () => {
    await using scratch = new Scratch()
    scratch.addProject('project/blue')
    await makeVault(scratch, castleSecrets('blue'))
    const blue = await newCastle(scratch, 'blue')
    const main = readFileSync(join(blue, 'main.tf'), 'utf8')
    const locals = /^locals \{\n[\s\S]*?^\}\n/m.exec(main)?.[0]
    const patches = /^ {2}config_patches = (concat\([\s\S]*?^ {2}\))/m.exec(main)?.[1]
    expect([locals, patches]).not.toContain(undefined)
    const lines = [
      locals,
      `resource "terraform_data" "node" {\n  for_each = var.nodes\n  input    = ${patches}\n}`,
      'output "patches" {\n  value     = { for name, node in terraform_data.node : var.nodes[name].role => join("", node.input)... }',
      '  sensitive = true\n}',
    ]
    scratch.file('project/blue/main.tf', lines.join('\n'), 0o644)
    scratch.file('project/blue/providers.tf', 'terraform {\n  backend "local" {}\n}\n', 0o644)
    const key = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
    const values = ['proxmox_api_token', 'infisical_client_id', 'infisical_client_secret']
      .map((name) => `${name} = "test@pve!a=b"\n`)
      .join('')
    scratch.file('project/blue/z.auto.tfvars', `talos_secretbox_key = "${key}"\n${values}`, 0o600)
    for (const step of [['init'], ['apply', '-auto-approve', '-input=false']]) {
      const done = await terraform(scratch, blue, step)
      expect(done.status, done.stdout + done.stderr).toBe(0)
    }
    const shown = await terraform(scratch, blue, ['output', '-json', 'patches'])
    const { controlplane, worker } = JSON.parse(shown.stdout) as Record<string, string[]>
    expect(controlplane?.length).toBeGreaterThan(0)
    expect(worker?.length).toBeGreaterThan(0)
    for (const patch of controlplane ?? []) expect(patch).toContain(key)
    for (const patch of worker ?? []) expect(patch).not.toContain(key)
  },
)

test.skipIf(!need('terraform', 'rules that never quote a secret'))(
  'a secret that breaks a rule is refused by name, and terraform quotes nothing of it',
  async () => {
    await using scratch = new Scratch()
    scratch.addProject('project/blue')
    await makeVault(scratch, castleSecrets('blue'))
    const blue = await newCastle(scratch, 'blue')
    const [key, token] = [canary('key'), canary('token')]
    const providers = readFileSync(join(blue, 'providers.tf'), 'utf8')
    const rule = /^resource "terraform_data" "proxmox_token" \{[\s\S]*?^\}\n/m.exec(providers)?.[0] ?? ''
    scratch.file('project/blue/contract/rule.tf', rule, 0o644)
    const values = `talos_secretbox_key = "${key}\\n"\nproxmox_api_token = "${token}"\ninfisical_client_id = "a"\ninfisical_client_secret = "b"\n`
    scratch.file('project/blue/contract/z.auto.tfvars', values, 0o600)
    const contract = join(blue, 'contract')
    expect(await terraform(scratch, contract, ['init', '-input=false'])).toMatchObject({ status: 0 })
    const done = await terraform(scratch, contract, ['plan', '-no-color', '-input=false'])
    expect(done.status).toBe(1)
    for (const words of [
      'talos_secretbox_key is standard base64',
      'proxmox_api_token is user@realm!name=uuid',
    ])
      expect(done.stderr).toContain(words)
    expect(done.stdout + done.stderr).not.toMatch(new RegExp(`${key}|${token}`))
    const main = readFileSync(join(blue, 'main.tf'), 'utf8')
    expect(main).toContain('condition     = can(regex("^[A-Za-z0-9+/]{43}=$", var.talos_secretbox_key))')
  },
)
