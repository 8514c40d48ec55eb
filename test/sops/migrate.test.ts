/** `migrate sops` with the real binary, a real age key, and Terraform code that reads SOPS files. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { generateHybridIdentity, identityToRecipient } from 'age-encryption'
import { beforeAll, describe, expect, test } from 'vitest'
import { canary, scan, scanBytes } from '../support/canary.ts'
import { terraform } from '../support/castle/castle.ts'
import { sopsBinary, sopsYaml } from '../support/castle/sops-writer.ts'
import { makeVault, must, PASSPHRASE } from '../support/project.ts'
import { Scratch } from '../support/scratch.ts'
import { stub } from '../support/stub.ts'
import { type Run, run, tazpod } from '../support/tazpod.ts'
import { need } from '../support/tools.ts'

const TOKEN = canary('proxmox')
const DB = canary('db')
let keyFile = ''

async function world(): Promise<Scratch> {
  const scratch = new Scratch()
  const made = await run(scratch, ['age-keygen'])
  const recipient = /age1\w+/.exec(made.stdout)?.[0] ?? ''
  keyFile = scratch.file('keys.txt', made.stdout)
  await makeVault(scratch, {})
  scratch.file(
    'project/proxmox.enc.yaml',
    await sopsYaml([{ proxmox: { token: TOKEN }, host_unencrypted: 'pve' }], { recipients: [recipient] }),
    0o644,
  )
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'app' },
    stringData: { DB_PASSWORD: DB },
  }
  scratch.file(
    'project/app/secret.enc.yaml',
    await sopsYaml([secret], { recipients: [recipient], encryptedRegex: '^(data|stringData)$' }),
    0o644,
  )
  scratch.file('project/.sops.yaml', 'creation_rules: []\n', 0o644)
  scratch.file('project/main.tf', CODE, 0o644)
  scratch.file('project/flux.yaml', FLUX, 0o644)
  return scratch
}

const CODE =
  `terraform {
  required_providers {
    random = {
      source = "hashicorp/random"
    }

    sops = {
      source = "carlpett/sops"
    }
  }
}

provider "sops" {}

data "sops_file" "proxmox" {
  source_file = "$` +
  `{path.module}/proxmox.enc.yaml"
}

output "token" {
  value     = "t=$` +
  `{data.sops_file.proxmox.data["proxmox.token"]}"
  sensitive = true
}
`
const FLUX = `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: apps } # stays
spec:
  interval: 10m
  decryption:
    provider: sops
    secretRef:
      name: sops-age
  path: ./apps
`

const migrate = (scratch: Scratch, ...args: string[]): Promise<Run> =>
  tazpod(scratch, ['migrate', 'sops', ...args], {
    passphrase: PASSPHRASE,
    env: { SOPS_AGE_KEY_FILE: keyFile },
  })
const file = (scratch: Scratch, name: string): string => readFileSync(join(scratch.project, name), 'utf8')

describe.skipIf(!need('age-keygen', 'the farewell to SOPS'))('the farewell', () => {
  let scratch: Scratch
  beforeAll(async () => {
    scratch = await world()
    return () => scratch[Symbol.asyncDispose]()
  })

  test('plan shows names, sizes and references, and no value', async () => {
    const done = await migrate(scratch, '--plan')
    expect(done).toMatchObject({ status: 0, stderr: '' })
    expect(done.stdout).toContain('2 SOPS files, 2 encrypted values')
    expect(done.stdout).toContain('APP_DB_PASSWORD')
    expect(done.stdout).toMatch(/\.yaml \(yaml\): SOPS 3\.9\.0$/m)
    expect(done.stdout).toContain('main.tf:20: var.proxmox_token')
    expect(done.stdout).toContain('flux.yaml: without spec.decryption')
    expect(done.stdout).toContain('proxmox_token: PROXMOX_TOKEN')
    expect(scanBytes(done.stdoutBytes, [TOKEN, DB])).toEqual([])
    expect(file(scratch, 'main.tf')).toBe(CODE)
  })

  test('finish before apply is refused; apply and verify say so, value by value', async () => {
    expect(await migrate(scratch, '--finish')).toMatchObject({ status: 77, stdout: '' })
    const applied = JSON.parse((await migrate(scratch, '--apply', '--json')).stdout)
    expect(applied.values.map(({ name, state }: { name: string; state: string }) => [name, state])).toEqual([
      ['APP_DB_PASSWORD', 'created'],
      ['PROXMOX_TOKEN', 'created'],
    ])
    expect((await migrate(scratch, '--apply', '--json')).stdout).toContain('"state": "same"')
    const verified = JSON.parse((await migrate(scratch, '--verify', '--json')).stdout)
    expect(verified.values.every(({ state }: { state: string }) => state === 'verified')).toBe(true)
    expect(
      await must(scratch, ['vault', 'get', '--reveal', 'PROXMOX_TOKEN'], { passphrase: PASSPHRASE }),
    ).toBe(TOKEN)
  })

  test('finish rewrites what reads the files, deletes them, and lists what to rotate; nothing is in clear', async () => {
    const done = await migrate(scratch, '--finish')
    expect(done).toMatchObject({ status: 0, stderr: '' })
    expect(done.stdout).toContain('PROXMOX_TOKEN (proxmox.enc.yaml)')
    for (const gone of ['proxmox.enc.yaml', 'app/secret.enc.yaml', '.sops.yaml'])
      expect([gone, existsSync(join(scratch.project, gone))]).toEqual([gone, false])
    expect(file(scratch, 'main.tf')).not.toContain('sops')
    expect(file(scratch, 'main.tf')).toContain('"t=$' + '{var.proxmox_token}"')
    expect(file(scratch, 'variables.tf')).toContain('sensitive = true')
    expect(file(scratch, 'flux.yaml')).toBe(FLUX.replace(/ {2}decryption:\n(?: {4}.*\n)+/, ''))
    expect(scan([scratch.root], [TOKEN, DB])).toEqual([])
    if (need('terraform', 'that rewritten code is formatted')) {
      expect((await terraform(scratch, scratch.project, ['fmt', '-check', '-diff'])).stdout).toBe('')
    }
  })

  test('the second run is a no-op', async () => {
    const again = JSON.parse((await migrate(scratch, '--finish', '--json')).stdout)
    expect(again).toMatchObject({ deleted: [], changes: [], done: true })
  })
})

describe.skipIf(!need('age-keygen', 'what migrate sops refuses'))('refused', () => {
  test('without a key that fits, and without the sops program', async () => {
    await using scratch = await world()
    const done = await tazpod(scratch, ['migrate', 'sops', '--plan'], { passphrase: PASSPHRASE })
    expect(done).toMatchObject({ status: 65, stderr: '' })
    expect(done.stdout).toContain('0 SOPS files, 0 encrypted values; 2 more can not be read')
    expect(done.stdout).toMatch(
      / {2}proxmox\.enc\.yaml can not be opened: it is for the age key of age1\w+…\w+, and/,
    )
    expect(done.stdout).toContain('and the sops program is not there')
    expect(done.stdout).toContain('next: SOPS_AGE_KEY_FILE=KEYS tazpod migrate sops --apply')
  })

  test('goes on past a file that it can not read: its reason, the others, and no end before it is read', async () => {
    await using scratch = await world()
    const hybrid = await generateHybridIdentity()
    const quantum = await sopsYaml([{ pq_token: 'PQ-VALUE' }], {
      recipients: [await identityToRecipient(hybrid)],
    })
    scratch.file('project/quantum.enc.yaml', quantum, 0o644)
    scratch.file('project/broken.enc.yaml', quantum.replace(/mac: .*/, 'mac: ""'), 0o644)
    const planned = JSON.parse((await migrate(scratch, '--plan', '--json')).stdout)
    expect(planned.files.map(({ path }: { path: string }) => path)).toEqual([
      'app/secret.enc.yaml',
      'proxmox.enc.yaml',
    ])
    expect(planned.unread).toEqual([
      { path: 'broken.enc.yaml', why: expect.stringContaining('has no MAC') },
      {
        path: 'quantum.enc.yaml',
        why: expect.stringMatching(/the post-quantum age key \(AGE-SECRET-KEY-PQ-1…\) of age1pq1/),
      },
    ])
    expect((await migrate(scratch, '--apply')).status).toBe(65)
    const refused = await migrate(scratch, '--finish')
    expect(refused).toMatchObject({ status: 77, stdout: '' })
    expect(refused.stderr).toContain(
      '2 files are not read yet, and their values would be lost; nothing was deleted',
    )
    expect(existsSync(join(scratch.project, 'proxmox.enc.yaml'))).toBe(true)

    rmSync(join(scratch.project, 'broken.enc.yaml'))
    const both = scratch.file('both.txt', `${readFileSync(keyFile, 'utf8')}\n${hybrid}\n`)
    const env = { SOPS_AGE_KEY_FILE: both }
    for (const step of ['--apply', '--verify', '--finish']) {
      const done = await tazpod(scratch, ['migrate', 'sops', step], { passphrase: PASSPHRASE, env })
      expect(done, done.stderr + done.stdout).toMatchObject({ status: 0 })
    }
    const got = await must(scratch, ['vault', 'get', '--reveal', 'PQ_TOKEN'], { passphrase: PASSPHRASE })
    expect(got).toBe('PQ-VALUE')
  })

  test('the sops program is asked where no key fits, and gets a path and nothing else', async () => {
    await using scratch = await world()
    const calls = stub(
      scratch,
      'sops',
      `case "$*" in *proxmox*) printf 'proxmox: {token: by-sops}\\nhost_unencrypted: pve\\n';; *) printf 'kind: Secret\\nstringData: {DB_PASSWORD: x}\\n';; esac`,
    )
    const done = await tazpod(scratch, ['migrate', 'sops', '--plan', '--json'], { passphrase: PASSPHRASE })
    expect(done.status).toBe(0)
    expect(JSON.parse(done.stdout).files.map(({ by }: { by: string }) => by)).toEqual(['sops', 'sops'])
    expect(calls().map(({ argv }) => argv)).toEqual([
      '--decrypt app/secret.enc.yaml',
      '--decrypt proxmox.enc.yaml',
    ])
  })

  test('a reference that only a person can change: nothing is deleted', async () => {
    await using scratch = await world()
    scratch.file('project/deploy.sh', '#!/bin/sh\nsops -d proxmox.enc.yaml | apply\n')
    scratch.file('project/raw.tf', 'locals {\n  all = yamldecode(data.sops_file.proxmox.raw)\n}\n')
    await migrate(scratch, '--apply')
    const done = await migrate(scratch, '--finish')
    expect(done).toMatchObject({ status: 77, stdout: '' })
    expect(done.stderr).toContain('deploy.sh:2: proxmox.enc.yaml')
    expect(done.stderr).toContain('raw.tf:2: data.sops_file.proxmox.raw')
    expect(existsSync(join(scratch.project, 'proxmox.enc.yaml'))).toBe(true)
    expect(file(scratch, 'main.tf')).toBe(CODE)
  })

  test('a wrong MAC: which file, and nothing of it', async () => {
    await using scratch = await world()
    const recipient = /age1\w+/.exec(readFileSync(keyFile, 'utf8'))?.[0] ?? ''
    scratch.file('project/bad.enc', await sopsBinary('x', { recipients: [recipient], wrongMac: true }), 0o644)
    const done = await migrate(scratch, '--apply')
    expect(done).toMatchObject({ status: 65, stderr: '' })
    expect(done.stdout).toContain('bad.enc has a wrong MAC')
    const kept = await must(scratch, ['vault', 'list'], { passphrase: PASSPHRASE })
    expect(kept).toContain('PROXMOX_TOKEN')
    expect(kept).not.toMatch(/BAD/)
  })

  test('a folder without SOPS files, and no step or two', async () => {
    await using scratch = new Scratch()
    await makeVault(scratch, {})
    expect(await migrate(scratch, '--plan')).toMatchObject({ status: 65, stdout: '' })
    expect(await migrate(scratch)).toMatchObject({ status: 64, stdout: '' })
    expect(await migrate(scratch, '--plan', '--apply')).toMatchObject({ status: 64, stdout: '' })
  })
})
