import { alignedLines, type HclLine, hclString } from '../hcl-text.ts'
import { type CastleNode, TOPOLOGY_NAMES, type Topology } from '../topology.ts'

/** `terraform.tfvars` of a castle, as `terraform fmt` leaves it. */
export function terraformTfvars(topology: Topology, extra: readonly HclLine[] = []): string {
  const pairs = [
    ...TOPOLOGY_NAMES.flatMap((name): HclLine[] => {
      const value = topology[name]
      return value === undefined ? [] : [[name, rendered(value)]]
    }),
    ...extra,
  ]
  return `${HEAD}${alignedLines(pairs).join('\n')}\n`
}

const HEAD = `# The topology of this castle: committed, no secret. What each value means is in variables.tf.

`

function rendered(value: NonNullable<Topology[keyof Topology]>): string {
  if (typeof value === 'string') return hclString(value)
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) return `[${value.map(hclString).join(', ')}]`
  const lines = Object.entries(value).map(([name, node]): HclLine => [hclString(name), nodeOf(node)])
  return `{\n${alignedLines(lines, '  ').join('\n')}\n}`
}

function nodeOf({ role, ip, vm_id }: CastleNode): string {
  return `{ role = ${hclString(role)}, ip = ${hclString(ip)}, vm_id = ${vm_id} }`
}
