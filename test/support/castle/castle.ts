import { join } from 'node:path'
import { formatRecord, newRecord } from '../../../src/castle/core/record.ts'
import { secretPrefix } from '../../../src/castle/core/topology.ts'
import { makeVault, must, PASSPHRASE } from '../project.ts'
import type { Scratch } from '../scratch.ts'
import { type Run, run, tazpod } from '../tazpod.ts'

/** Flags of a castle that needs no answer. */
export const BLUE = [
  ...['--network', '10.0.10.0/24', '--first-vm-id', '1000', '--proxmox-endpoint', 'https://pve.lan:8006'],
  ...['--infisical-project-id', 'p-1', '--infisical-project', 'lab'],
  ...['--gitops-repository', 'https://git.lan/ada/lab', '--provider', 'vault', '--non-interactive'],
]

/** The id of castles in tests: a fresh one would give their secrets other names in each run. */
const ID = 'b1e00000-0000-4000-8000-000000000001'
/** What secrets of the castle blue are called begins so. */
export const PREFIX = secretPrefix('blue', ID)

/** `castle new NAME` in the project folder, with a known id; returns the castle's folder. */
export async function newCastle(
  scratch: Scratch,
  name: string,
  flags: readonly string[] = BLUE,
): Promise<string> {
  const provider = flags.includes('infisical') ? 'infisical' : 'vault'
  const record = newRecord(name, provider, new Date().toISOString(), ID)
  scratch.file(`project/${name}/castle.json`, formatRecord(record), 0o644)
  await must(scratch, ['castle', 'new', name, ...flags])
  return join(scratch.project, name)
}

/** The castle blue on stand-ins, with its key; trusted and pulled: ready for plan and apply. */
export async function readyCastle(scratch: Scratch): Promise<string> {
  scratch.addProject('project/blue')
  await makeVault(scratch, castleSecrets('blue'))
  const blue = await newCastle(scratch, 'blue')
  standIn(scratch, blue)
  await must(scratch, ['castle', 'secretbox', 'new'], { cwd: blue, passphrase: PASSPHRASE })
  await must(scratch, ['trust', '--yes'], { cwd: blue })
  await must(scratch, ['pull'], { cwd: blue, passphrase: PASSPHRASE })
  return blue
}

/** Runs `tazpod castle …` in a castle's folder, with the passphrase of `makeVault`. */
export function castle(
  scratch: Scratch,
  cwd: string,
  args: readonly string[],
  options: Parameters<typeof tazpod>[2] = {},
): Promise<Run> {
  return tazpod(scratch, ['castle', ...args], { cwd, passphrase: PASSPHRASE, ...options })
}

export function terraform(scratch: Scratch, cwd: string, args: readonly string[]): Promise<Run> {
  return run(scratch, ['terraform', ...args], { cwd, timeout: 120_000 })
}

/** The castle with stand-ins for its providers: everything else, variables and outputs too, is the real thing. */
export function standIn(scratch: Scratch, folder: string): void {
  const path = (name: string) => join(folder.slice(scratch.home.length + 1), name)
  scratch.file(path('providers.tf'), 'terraform {\n  backend "local" {}\n}\n', 0o644)
  scratch.file(path('main.tf'), STAND_IN, 0o644)
}

/** The credentials of a cluster as Talos writes them: flow style here, with a CR and without a newline at the end. */
export function kubeconfig(host: string): string {
  return `apiVersion: v1
kind: Config
clusters: [{ name: blue, cluster: { server: 'https://${host}:6443' } }]
users: [{ name: admin, user: { token: t } }]
contexts: [{ name: admin@blue, context: { cluster: blue, user: admin } }]
current-context: admin@blue\r
# no newline at the end`
}

export function talosconfig(host: string): string {
  return `context: blue\ncontexts: { blue: { endpoints: [${host}], ca: YQ==, crt: YQ==, key: YQ== } }\n`
}

const STAND_IN = `resource "terraform_data" "node" {
  for_each = var.nodes
  input    = each.value.ip
}

resource "terraform_data" "config" {
  input = sha256(var.talos_secretbox_key)
}

output "secretbox_secrets" {
  value     = local.secretbox_secrets
  sensitive = true
}

output "kubeconfig" {
  value     = "${kubeconfig(`\${var.cluster_endpoint}`).replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"
  sensitive = true
}

output "talosconfig" {
  value     = "${talosconfig(`\${[for node in var.nodes : node.ip][0]}`).replaceAll('\n', '\\n')}"
  sensitive = true
}
`

/** What a castle's terraform is granted, beside the key. */
export function castleSecrets(name: string, values: Record<string, string> = {}): Record<string, string> {
  const prefix = secretPrefix(name, ID)
  return {
    [`${prefix}PROXMOX_API_TOKEN`]: 'tazpod@pve!blue=0000',
    [`${prefix}INFISICAL_CLIENT_ID`]: 'id',
    [`${prefix}INFISICAL_CLIENT_SECRET`]: 'secret',
    ...values,
  }
}
