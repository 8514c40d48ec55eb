/**
 * What a castle tells Talos, evaluated by the real terraform and merged into what each version of Talos generates:
 * valid against that version's schema, and in none of its conflicts. Proved for 1.11.0, 1.12.0, 1.13.0, 1.14.0-rc.1.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { castleSecrets, newCastle, terraform } from '../support/castle/castle.ts'
import {
  documents,
  generated,
  MINORS,
  patched,
  type TalosDocument,
  talosProblems,
} from '../support/castle/talos.ts'
import { makeVault } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { need } from '../support/tools.ts'

const KEY = 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='
const NEXT = `${'B'.repeat(42)}E=`
const SECRETS = `talos_secretbox_key = "${KEY}"
proxmox_api_token = "test@pve!a=b"
infisical_client_id = "id"
infisical_client_secret = "secret"
`
type Patches = Record<string, string[]>

describe.skipIf(!need('terraform', 'what a castle tells Talos'))('the config of a node', () => {
  let scratch: Scratch
  let contract: string
  let main: string
  beforeAll(async () => {
    scratch = new Scratch()
    scratch.addProject('project/blue')
    await makeVault(scratch, castleSecrets('blue'))
    const blue = await newCastle(scratch, 'blue')
    main = readFileSync(join(blue, 'main.tf'), 'utf8')
    contract = join(blue, 'contract')
    scratch.file('project/blue/contract/z.auto.tfvars', SECRETS, 0o600)
    scratch.file('project/blue/contract/merged.tf', mergedSecrets(main), 0o644)
    expect(await terraform(scratch, contract, ['init', '-input=false'])).toMatchObject({ status: 0 })
  })
  afterAll(() => scratch[Symbol.asyncDispose]())

  const outputs = async (
    version: string,
    { next = KEY, ...more }: Record<string, string> = {},
  ): Promise<{ patches: Patches; encryption: string[]; merged: unknown; said: string }> => {
    const values = { talos_version: version, talos_secretbox_next_key: next, ...more }
    const given = Object.entries(values).map(([name, value]) => `-var=${name}=${value}`)
    const flags = ['-auto-approve', '-input=false', '-no-color', ...given]
    const done = await terraform(scratch, contract, ['apply', ...flags])
    expect(done.status, done.stdout + done.stderr).toBe(0)
    const shown = JSON.parse((await terraform(scratch, contract, ['output', '-json'])).stdout)
    const { node_patches: patches, encryption_patches: encryption, merged } = shown
    return { patches: patches.value, encryption: encryption.value, merged: merged.value, said: done.stdout }
  }
  const config = (minor: number, role: string, patches: readonly string[]): TalosDocument[] =>
    patches.flatMap(documents).reduce(patched, generated(minor, role))

  test.each(MINORS)('is valid for Talos 1.%i, and in no conflict with what is generated', async (minor) => {
    const { patches, said } = await outputs(`v1.${minor}.0`)
    expect(said).not.toContain('These configs were proved')
    for (const [role, name] of [
      ['controlplane', 'blue-cp-1'],
      ['worker', 'blue-worker-1'],
    ] as const) {
      const made = config(minor, role, patches[name] ?? [])
      expect([role, talosProblems(minor, made)]).toEqual([role, []])
      const text = JSON.stringify(made)
      expect(text).toContain(`"hostname":"${name}"`)
      expect(text.includes('"vip":{"ip":"10.0.10.10"}')).toBe(role === 'controlplane' && minor < 12)
      expect(text.includes('Layer2VIPConfig')).toBe(role === 'controlplane' && minor >= 12)
      expect(/(certExtraSANs|apiServer.*certSANs)[^\]]*10\.0\.10\.10/.test(text)).toBe(
        role === 'controlplane',
      )
      expect(text).not.toContain(KEY)
    }
  })

  test('what is generated is itself valid, and each rule of the patches is needed', async () => {
    for (const minor of MINORS) {
      for (const role of ['controlplane', 'worker'])
        expect([minor, role, talosProblems(minor, generated(minor, role))]).toEqual([minor, role, []])
    }
    const { patches: old } = await outputs('v1.11.0')
    const problems = talosProblems(14, config(14, 'controlplane', old['blue-cp-1'] ?? []))
    expect(problems.join('\n')).toContain('machine.network.hostname is already set')
    expect(problems.join('\n')).toContain('cluster.apiServer is already set')
    expect(problems.join('\n')).toContain('machine.network.nameservers is already set')
    const { patches } = await outputs('v1.12.0')
    const stable = (patches['blue-cp-1'] ?? []).map((patch) => patch.replace('"auto": "off"\n', ''))
    expect(talosProblems(12, config(12, 'controlplane', stable)).join('\n')).toContain(
      "'auto' and 'hostname'",
    )
    expect(talosProblems(11, config(11, 'worker', patches['blue-worker-1'] ?? []))).not.toEqual([])
  })

  test('exactly the secretbox key of the secrets is replaced', async () => {
    const { merged } = await outputs('v1.14.0')
    expect(merged).toEqual({
      certs: { etcd: 'c' },
      cluster: { id: 'i' },
      secrets: { bootstrap_token: 'b', secretbox_encryption_secret: KEY },
      trustdinfo: { token: 't' },
    })
    expect(main).toContain(
      'local.node_patches[each.key], each.value.role == "controlplane" ? local.encryption_patches : []',
    )
  })

  test('another key of etcd: one document in the place of the generated one, the keys in their order', async () => {
    const keysOf = (made: TalosDocument[]) => {
      const found = made.filter(({ kind }) => kind === 'KubeEtcdEncryptionConfig')
      expect(found).toHaveLength(1)
      return JSON.stringify(found[0]).match(/"name":"key\d"/g)
    }
    expect((await outputs('v1.14.0')).encryption).toEqual([])
    for (const [more, keys] of [
      [{ next: NEXT }, ['key2', 'key3']],
      [{ next: NEXT, talos_secretbox_next_first: 'true' }, ['key3', 'key2']],
      [{ talos_secretbox_key_name: 'key3' }, ['key3']],
    ] as const) {
      const { patches, encryption } = await outputs('v1.14.0', more)
      const made = config(14, 'controlplane', [...(patches['blue-cp-1'] ?? []), ...encryption])
      expect(talosProblems(14, made)).toEqual([])
      expect(keysOf(made)).toEqual(keys.map((key) => `"name":"${key}"`))
    }
    const { said } = await outputs('v1.13.0', { next: NEXT })
    expect(said.replaceAll(/\s+/g, ' ')).toContain('Only from Talos 1.14 on etcd can have another key')
  })

  test.each(['v1.9.5', 'v1.15.0'])('%s gets a sentence, and the nearest form', async (version) => {
    const { patches, said } = await outputs(version)
    expect(said.replaceAll(/\s+/g, ' ')).toContain('These configs were proved for Talos 1.11 to 1.14')
    const nearest = version === 'v1.9.5' ? 11 : 14
    expect(talosProblems(nearest, config(nearest, 'controlplane', patches['blue-cp-1'] ?? []))).toEqual([])
  })
})

/** The expression of main.tf on secrets that no provider made. */
function mergedSecrets(main: string): string {
  const expression = /^ {2}machine_secrets = (merge\([\s\S]*?^ {2}\}\))/m.exec(main)?.[1] ?? ''
  const made = expression.replaceAll('talos_machine_secrets.this.machine_secrets', 'local.made')
  return `locals {
  made = {
    certs      = { etcd = "c" }
    cluster    = { id = "i" }
    secrets    = { bootstrap_token = "b", secretbox_encryption_secret = "made by Talos" }
    trustdinfo = { token = "t" }
  }
}
output "merged" {
  value     = ${made}
  sensitive = true
}
`
}
