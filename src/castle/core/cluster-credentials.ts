import { parseDocument } from 'yaml'
import type { Topology } from './topology.ts'

export type CredentialKind = 'kubeconfig' | 'talosconfig'

/**
 * What keeps a text from being the credentials of this castle; undefined when nothing does. It completes "the
 * kubeconfig …" and repeats nothing of the text but addresses. `topology`: where the castle says that it is;
 * undefined skips that comparison.
 *
 * Why at all: without a state `terraform output -raw kubeconfig` prints "Warning: No outputs found" in a box and exits
 * 0 (terraform 1.11), and that box was stored over a good kubeconfig.
 */
export function credentialProblem(
  kind: CredentialKind,
  text: Buffer,
  topology: Pick<Topology, 'cluster_endpoint' | 'nodes'> | undefined,
): string | undefined {
  if (text.length === 0) return 'is empty'
  const parsed = parseDocument(text.toString('utf8'), { logLevel: 'silent' })
  const root: unknown = parsed.errors.length > 0 ? undefined : parsed.toJS({ maxAliasCount: 10 })
  if (!isMap(root)) return 'is no YAML map: it is not what terraform writes for a cluster'
  return kind === 'kubeconfig' ? kubeconfigProblem(root, topology) : talosconfigProblem(root, topology)
}

/** client-go `tools/clientcmd/api/v1/types.go`: `current-context` names a context, which names a cluster and a user. */
function kubeconfigProblem(
  root: Record<string, unknown>,
  topology: Pick<Topology, 'cluster_endpoint'> | undefined,
): string | undefined {
  const context = named(root.contexts, root['current-context'], 'context')
  const cluster = named(root.clusters, context?.cluster, 'cluster')
  const user = named(root.users, context?.user, 'user')
  if (cluster === undefined || user === undefined)
    return 'has no current context with a cluster and a user: it is no kubeconfig that works'
  const host = hostOf(String(cluster.server))
  if (host === undefined) return 'has a cluster without a server address'
  if (topology === undefined || host === topology.cluster_endpoint) return undefined
  return `is of another cluster: its server is ${host}, this castle's endpoint is ${topology.cluster_endpoint}`
}

/** siderolabs/talos `pkg/machinery/client/config`: `context` names one of `contexts`, with endpoints and a key. */
function talosconfigProblem(
  root: Record<string, unknown>,
  topology: Pick<Topology, 'cluster_endpoint' | 'nodes'> | undefined,
): string | undefined {
  const contexts = isMap(root.contexts) ? root.contexts : {}
  const context = typeof root.context === 'string' ? contexts[root.context] : undefined
  if (!isMap(context)) return 'has no current context: it is no talosconfig that works'
  const { endpoints, ca, crt, key } = context
  if (![ca, crt, key].every((part) => typeof part === 'string' && part !== ''))
    return 'has a context without ca, crt and key'
  const hosts = Array.isArray(endpoints) ? endpoints.map((one) => hostOf(String(one))) : []
  if (hosts.length === 0) return 'has a context without endpoints'
  if (topology === undefined) return undefined
  const ours = new Set([topology.cluster_endpoint, ...Object.values(topology.nodes).map(({ ip }) => ip)])
  if (hosts.some((host) => host !== undefined && ours.has(host))) return undefined
  return `is of another cluster: its endpoints (${hosts.join(', ')}) are no nodes of this castle`
}

function named(list: unknown, name: unknown, what: string): Record<string, unknown> | undefined {
  if (!Array.isArray(list) || typeof name !== 'string') return undefined
  const found = list.find((one) => isMap(one) && one.name === name)
  const inner: unknown = isMap(found) ? found[what] : undefined
  return isMap(inner) ? inner : undefined
}

/** Of `https://10.0.0.1:6443`, `10.0.0.1:50000` or `10.0.0.1`. */
function hostOf(address: string): string | undefined {
  const url = address.includes('://') ? address : `https://${address}`
  const host = URL.canParse(url) ? new URL(url).hostname : ''
  return host === '' || /\s/.test(address) ? undefined : host.replace(/^\[|\]$/g, '').slice(0, 100)
}

function isMap(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/**
 * The value of one output in what `terraform output -json` prints (`{ NAME: { sensitive, type, value } }`, `{}` without
 * a state); undefined when there is none that is a text.
 */
export function outputValue(json: string, name: string): Buffer | undefined {
  let outputs: unknown
  try {
    outputs = JSON.parse(json)
  } catch {
    return undefined
  }
  const output: unknown = isMap(outputs) && Object.hasOwn(outputs, name) ? outputs[name] : undefined
  const value: unknown = isMap(output) ? output.value : undefined
  return typeof value === 'string' ? Buffer.from(value) : undefined
}
