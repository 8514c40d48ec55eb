/** What makes one castle different from another: everything that its `terraform.tfvars` says. No secret. */
export interface Topology {
  castle_name: string
  cluster_endpoint: string
  nodes: Record<string, CastleNode>
  network_prefix: number
  network_gateway: string
  dns_servers: string[]
  proxmox_endpoint: string
  proxmox_node: string
  proxmox_datastore: string
  proxmox_bridge: string
  talos_image: string
  talos_version: string
  kubernetes_version: string
  infisical_host: string
  infisical_project_id: string
  infisical_project_slug: string
  infisical_environment: string
  /** Folder of what makes and runs the machines: the key, the tokens, the kubeconfig. */
  infisical_path: string
  /** Folder of what runs in the cluster, the only one that External Secrets reads. Castles of before 0.2: none. */
  infisical_apps_path?: string | undefined
  /** Namespaces that may read it. */
  apps_namespaces?: string[] | undefined
  eso_chart_repository: string
  eso_version: string
  eso_api_version: string
  flux_chart_repository: string
  flux_version: string
  gitops_repository: string
  gitops_branch: string
  gitops_path: string
}

export interface CastleNode {
  role: 'controlplane' | 'worker'
  ip: string
  vm_id: number
}

/** One order for every castle, so that two of them can be compared line by line. */
export const TOPOLOGY_NAMES = [
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
  'infisical_apps_path',
  'apps_namespaces',
  'eso_chart_repository',
  'eso_version',
  'eso_api_version',
  'flux_chart_repository',
  'flux_version',
  'gitops_repository',
  'gitops_branch',
  'gitops_path',
] as const satisfies readonly (keyof Topology)[]

/** Names of castles end up in host names, folders, secrets and Kubernetes objects. */
export const CASTLE_NAME_RULE =
  'lower-case letters, digits and -, starting with a letter, ending with a letter or digit, 2 to 31 characters'

export function isCastleName(name: string): boolean {
  return /^[a-z][a-z0-9-]{0,29}[a-z0-9]$/.test(name)
}

/**
 * `blue-2` with an id of 3f9a1c22-… → `BLUE_2_3F9A1C22_`: secrets of two castles never share a name, whatever store
 * they are in, also where two folders have a castle of one name. Without an id: castles of before 0.2.
 */
export function secretPrefix(castle: string, id?: string): string {
  const tag = id === undefined ? '' : `${id.slice(0, 8).toUpperCase()}_`
  return `${castle.toUpperCase().replaceAll('-', '_')}_${tag}`
}

/** The secrets of a castle, by what they are. */
export function secretNames(castle: string, id?: string): CastleSecrets {
  const prefix = secretPrefix(castle, id)
  return {
    secretbox: `${prefix}TALOS_SECRETBOX_KEY`,
    kubeconfig: `${prefix}KUBECONFIG_CONTENT`,
    talosconfig: `${prefix}TALOSCONFIG_CONTENT`,
    clientId: `${prefix}INFISICAL_CLIENT_ID`,
    clientSecret: `${prefix}INFISICAL_CLIENT_SECRET`,
    proxmoxToken: `${prefix}PROXMOX_API_TOKEN`,
    gitopsToken: `${prefix}GITOPS_TOKEN`,
  }
}

export interface CastleSecrets {
  secretbox: string
  kubeconfig: string
  talosconfig: string
  clientId: string
  clientSecret: string
  proxmoxToken: string
  gitopsToken: string
}
