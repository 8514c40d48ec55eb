import { type CastleRecord, nextKeyName } from '../record.ts'
import type { Topology } from '../topology.ts'

/** `tazpod.yaml` of a castle: which command gets what. Every name in it has passed the rules for names. */
export function castleProject(record: CastleRecord, topology: Topology): string {
  const { provider, secrets } = record
  const vault = provider === 'vault'
  const lines = [
    '# What tazpod hands to which command of this castle. Names only: this file is committed.',
    'version: 1',
    `provider: ${provider}`,
    ...(vault
      ? []
      : [
          `infisical: { project: ${JSON.stringify(topology.infisical_project_id)}, environment: ${JSON.stringify(topology.infisical_environment)}, paths: [${JSON.stringify(topology.infisical_path)}] }`,
        ]),
    'session: { idle: 30m, max: 12h, scope: user }',
    'secrets:',
    `  - { name: ${secrets.kubeconfig}, preset: kubectl }`,
    `  - { name: ${secrets.talosconfig}, preset: talosctl }`,
    'binds:',
    '  - path: secrets.auto.tfvars # exists only inside terraform; an empty placeholder for everybody else',
    '    format: tfvars',
    '    values:',
    `      talos_secretbox_key: ${secrets.secretbox}`,
    `      talos_secretbox_next_key: ${nextKeyName(record)} # the same, unless secretbox rotate is under way`,
    ...(vault
      ? [
          `      proxmox_api_token: ${secrets.proxmoxToken}`,
          `      infisical_client_id: ${secrets.clientId}`,
          `      infisical_client_secret: ${secrets.clientSecret}`,
        ]
      : [
          '      infisical_token: { identity: token }',
          `      infisical_client_id: ${secrets.clientId}`,
          `      infisical_client_secret: ${secrets.clientSecret}`,
        ]),
    'commands:',
    '  terraform: { binds: [secrets.auto.tfvars] }',
    '  tofu: { binds: [secrets.auto.tfvars] }',
    ...['kubectl', 'flux', 'helm'].map((tool) => `  ${tool}: { secrets: [${secrets.kubeconfig}] }`),
    `  talosctl: { secrets: [${secrets.talosconfig}] }`,
  ]
  return `${lines.join('\n')}\n`
}

/** First of all files: what must never be committed. */
export const CASTLE_IGNORE = `# Everything that Terraform read is in its state and plans, in clear text.
*.tfstate
*.tfstate.*
*.tfplan
*.plan
tfplan
plan.out
errored.tfstate
crash.log
crash.*.log
.terraform/
.terraform.tfstate.lock.info
# Filled only inside a command of tazpod.
secrets*.tfvars
# Credentials of the cluster.
configs/
kubeconfig
talosconfig
*.kubeconfig
`

/** Where the state is: no two castles share it. */
export function backendFile(record: CastleRecord): string {
  return `path = ${JSON.stringify(record.state)}\n`
}
