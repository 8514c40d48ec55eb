import type { CastleRecord } from './record.ts'
import type { Topology } from './topology.ts'

/** A castle as far as others must not share anything with it. */
export interface KnownCastle {
  /** Absolute. */
  folder: string
  record: CastleRecord
  topology: Topology
  /** The state file, absolute and with links resolved. */
  state: string
}

/**
 * What a castle would share with another one, as sentences. Two clusters with one address destroy each other's etcd,
 * two with one VM id each other's machines, two with one state everything.
 */
export function overlaps(mine: KnownCastle, others: readonly KnownCastle[]): string[] {
  return others
    .filter(({ folder }) => folder !== mine.folder)
    .flatMap((other) =>
      sharedWith(mine, other).map((what) => `${what} belongs to castle ${other.record.name}`),
    )
}

function sharedWith(mine: KnownCastle, other: KnownCastle): string[] {
  const a = mine.topology
  const b = other.topology
  const found: string[] = []
  if (a.castle_name === b.castle_name || mine.record.name === other.record.name)
    found.push(`the name ${a.castle_name}`)
  const taken = new Set([b.cluster_endpoint, ...Object.values(b.nodes).map(({ ip }) => ip)])
  for (const ip of new Set([a.cluster_endpoint, ...Object.values(a.nodes).map((node) => node.ip)]))
    if (taken.has(ip)) found.push(`the address ${ip}`)
  if (a.proxmox_endpoint === b.proxmox_endpoint) {
    const ids = new Set(Object.values(b.nodes).map(({ vm_id }) => vm_id))
    for (const { vm_id } of Object.values(a.nodes)) if (ids.has(vm_id)) found.push(`the VM id ${vm_id}`)
  }
  for (const name of Object.keys(a.nodes)) if (name in b.nodes) found.push(`the node name ${name}`)
  if (mine.state === other.state) found.push(`the state ${mine.state}`)
  const project = (t: Topology) =>
    [t.infisical_host, t.infisical_project_id, t.infisical_environment].join(' ')
  const folders = (t: Topology) => [t.infisical_path, t.infisical_apps_path ?? []].flat()
  if (project(a) === project(b))
    for (const path of folders(a)) if (folders(b).includes(path)) found.push(`the Infisical folder ${path}`)
  if (a.gitops_repository === b.gitops_repository && a.gitops_path === b.gitops_path)
    found.push(`the GitOps folder ${a.gitops_path}`)
  const names = new Set(Object.values(other.record.secrets))
  for (const name of Object.values(mine.record.secrets)) if (names.has(name)) found.push(`the secret ${name}`)
  return found
}
