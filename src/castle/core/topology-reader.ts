import type { ConfigProblem } from '../../core/failure/failure.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { type HclFile, literal } from './hcl.ts'
import { type CastleNode, TOPOLOGY_NAMES, type Topology } from './topology.ts'

const NO_TEXTS = ['nodes', 'network_prefix', 'dns_servers', 'infisical_apps_path', 'apps_namespaces'] as const
type TextName = Exclude<(typeof TOPOLOGY_NAMES)[number], (typeof NO_TEXTS)[number]>

const TEXTS = TOPOLOGY_NAMES.filter((name): name is TextName => !NO_TEXTS.some((one) => one === name))

/** The topology that a `terraform.tfvars` says. Failure: config-invalid, with the line of each mistake. */
export function readTopology(file: HclFile, path: string): Result<Topology> {
  const problems: ConfigProblem[] = [...file.problems]
  const values = new Map(file.body.attributes.map((one) => [one.name, one]))
  const wrong = (name: string, what: string) => {
    const at = values.get(name)?.value.span
    problems.push({ line: at?.line ?? 1, column: at?.column ?? 1, message: `${name} must be ${what}` })
  }
  const read = (name: string): unknown => {
    const value = values.get(name)?.value
    return value && literal(value)
  }
  const texts = Object.fromEntries(
    TEXTS.map((name) => {
      const value = read(name)
      if (typeof value !== 'string') wrong(name, 'text')
      return [name, String(value)]
    }),
  ) as Record<TextName, string>
  const prefix = read('network_prefix')
  if (typeof prefix !== 'number' || !Number.isInteger(prefix)) wrong('network_prefix', 'a number')
  const dns = read('dns_servers')
  if (!isTexts(dns)) wrong('dns_servers', 'a list of texts')
  const apps = read('infisical_apps_path')
  if (apps !== undefined && typeof apps !== 'string') wrong('infisical_apps_path', 'text')
  const namespaces = read('apps_namespaces')
  if (namespaces !== undefined && !isTexts(namespaces)) wrong('apps_namespaces', 'a list of texts')
  const nodes = nodesOf(read('nodes'))
  if (nodes === undefined) wrong('nodes', 'an object of { role, ip, vm_id }')
  if (problems.length > 0 || nodes === undefined || !isTexts(dns))
    return err({ reason: 'config-invalid', file: path, problems })
  return ok({
    ...texts,
    nodes,
    network_prefix: Number(prefix),
    dns_servers: dns,
    ...(typeof apps === 'string' && { infisical_apps_path: apps }),
    ...(isTexts(namespaces) && { apps_namespaces: namespaces }),
  })
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

function nodesOf(value: unknown): Record<string, CastleNode> | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
  const entries = Object.entries(value as Record<string, unknown>)
  const nodes = entries.map(([name, node]) => [name, nodeOf(node)] as const)
  return nodes.every((pair): pair is [string, CastleNode] => pair[1] !== undefined) && nodes.length > 0
    ? Object.fromEntries(nodes)
    : undefined
}

function nodeOf(value: unknown): CastleNode | undefined {
  const { role, ip, vm_id } = (value ?? {}) as Record<string, unknown>
  if (role !== 'controlplane' && role !== 'worker') return undefined
  return typeof ip === 'string' && typeof vm_id === 'number' ? { role, ip, vm_id } : undefined
}
