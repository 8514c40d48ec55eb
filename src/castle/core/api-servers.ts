/** One API server, as `kubectl get pods -o json` tells of it. */
interface ApiServer {
  name: string
  ready: boolean
  /** Unix milliseconds; undefined: it does not run. */
  startedAt: number | undefined
}

/**
 * When the last API server started, by the clocks of the nodes, which Talos keeps together: a laptop's own may be off.
 * ISO 8601; undefined: there is none.
 */
export function lastStart(json: string): string | undefined {
  const starts = (readServers(json) ?? []).flatMap(({ startedAt }) => startedAt ?? [])
  return starts.length === 0 ? undefined : new Date(Math.max(...starts)).toISOString()
}

/**
 * What is missing until every API server has read a config that was changed after `since` (Unix milliseconds; see
 * `lastStart`): a static pod reads it when it starts. `json`: of `kubectl get pods -n kube-system -l k8s-app=kube-apiserver -o json`. Undefined:
 * nothing.
 */
export function notRestarted(json: string, since: number, expected: number): string | undefined {
  const servers = readServers(json)
  if (servers === undefined) return 'kubectl says no list of pods'
  if (servers.length < expected) return `${servers.length} of ${expected} API servers are there`
  const old = servers.filter(
    ({ startedAt, ready }) => !ready || startedAt === undefined || startedAt <= since,
  )
  if (old.length === 0) return undefined
  return `${old.length} of ${servers.length} API servers run with the old config: ${old.map(({ name }) => name).join(', ')}`
}

function readServers(json: string): ApiServer[] | undefined {
  try {
    const { items } = JSON.parse(json) as { items: Pod[] }
    return items.map(({ metadata, status }) => {
      const [container] = status?.containerStatuses ?? []
      const started = container?.state?.running?.startedAt
      return {
        name: metadata?.name ?? '',
        ready: container?.ready === true,
        startedAt: started === undefined ? undefined : Date.parse(started),
      }
    })
  } catch {
    return undefined
  }
}

interface Pod {
  metadata?: { name?: string }
  status?: { containerStatuses?: { ready?: boolean; state?: { running?: { startedAt?: string } } }[] }
}
