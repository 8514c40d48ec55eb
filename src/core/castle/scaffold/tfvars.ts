import { alignedLines, type HclLine, hclString } from '../hcl-text.ts'
import type { CastleNode, Topology } from '../topology.ts'

/** `terraform.tfvars` of a castle, as `terraform fmt` leaves it. */
export function terraformTfvars(topology: Topology, extra: readonly HclLine[] = []): string {
  const pairs = [...ORDER.map((name): HclLine => [name, rendered(topology[name])]), ...extra]
  return `${HEAD}${alignedLines(pairs).join('\n')}\n`
}

const HEAD = `# The topology of this castle: committed, no secret. What each value means is in variables.tf.

`

/** One order for every castle, so that two of them can be compared line by line. */
const ORDER = [
  'castle_name',
  'cluster_endpoint',
  'nodes',
  'network_prefix',
  'network_gateway',
  'dns_servers',
  'proxmox_endpoint',
  'proxmox_node',
  'proxmox_datastore',
  'proxmox_bridge',
  'talos_image',
  'talos_version',
  'kubernetes_version',
  'infisical_host',
  'infisical_project_id',
  'infisical_project_slug',
  'infisical_environment',
  'infisical_path',
  'eso_chart_repository',
  'eso_version',
  'eso_api_version',
  'flux_chart_repository',
  'flux_version',
  'gitops_repository',
  'gitops_branch',
  'gitops_path',
] as const satisfies readonly (keyof Topology)[]

function rendered(value: Topology[keyof Topology]): string {
  if (typeof value === 'string') return hclString(value)
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) return `[${value.map(hclString).join(', ')}]`
  const lines = Object.entries(value).map(([name, node]): HclLine => [hclString(name), nodeOf(node)])
  return `{\n${alignedLines(lines, '  ').join('\n')}\n}`
}

function nodeOf({ role, ip, vm_id }: CastleNode): string {
  return `{ role = ${hclString(role)}, ip = ${hclString(ip)}, vm_id = ${vm_id} }`
}
