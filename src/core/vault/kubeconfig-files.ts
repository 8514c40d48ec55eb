import { readYaml } from '../text/yaml.ts'

/** Fields of a kubeconfig that name a file (client-go `tools/clientcmd/api/v1/types.go`). */
const FIELDS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile']

/**
 * Where a kubeconfig names a file relative to itself, as `client-key: keys/me.pem`: kubectl looks for it beside the
 * config (clientcmd, ResolveLocalPaths), so a copy elsewhere does not work, and the key stays where it is. Undefined:
 * nothing of the kind, or no kubeconfig. Only the path is repeated.
 */
export function relativeFileIn(bytes: Buffer): string | undefined {
  if (!bytes.includes('clusters') || !bytes.includes('contexts')) return undefined
  const { value, broken } = readYaml(bytes, { maxBytes: bytes.length, quiet: true })
  if (broken || value === null || typeof value !== 'object') return undefined
  const { clusters, users } = value as Record<string, unknown>
  for (const [list, part] of [
    [clusters, 'cluster'],
    [users, 'user'],
  ] as const) {
    for (const one of Array.isArray(list) ? list : []) {
      const inner = ((one ?? {}) as Record<string, unknown>)[part] as
        | Record<string, unknown>
        | null
        | undefined
      const field = FIELDS.find((name) => isRelative(inner?.[name]))
      if (field !== undefined) return `${field}: ${String(inner?.[field]).slice(0, 100)}`
    }
  }
  return undefined
}

function isRelative(path: unknown): boolean {
  return typeof path === 'string' && path !== '' && !path.startsWith('/')
}
