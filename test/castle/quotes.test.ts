/** The scaffold's rules about secrets, evaluated by the real terraform without a provider: what is quoted. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { canary } from '../support/canary.ts'
import { castleSecrets, newCastle, terraform } from '../support/castle/castle.ts'
import { makeVault } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { need } from '../support/tools.ts'

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
    const values = `talos_secretbox_key = "${key}\\n"\ntalos_secretbox_next_key = "${key}\\n"\nproxmox_api_token = "${token}"\ninfisical_client_id = "a"\ninfisical_client_secret = "b"\n`
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
