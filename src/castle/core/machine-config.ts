import { parseAllDocuments } from 'yaml'

type FoundKey = { ok: true; key: Buffer } | { ok: false; why: string }

/**
 * The secretbox key in what a person can get from Talos: a machine config (from 1.14 on in its KubeEtcdEncryptionConfig,
 * where the first key of the first provider writes), the output of `talosctl get machineconfig -o yaml` (one resource
 * per node, the config as text in `spec`), or a secrets bundle of `talosctl gen secrets`.
 * `why` completes "what was read …" and never repeats anything of it.
 */
export function secretboxKeyIn(text: Buffer): FoundKey {
  const keys = new Set<string>()
  let older = false
  const look = (value: unknown, depth: number): void => {
    if (value === null || typeof value !== 'object' || depth > 6) return
    const map = value as Record<string, unknown>
    const { cluster, secrets, spec } = map
    for (const place of [cluster, secrets]) {
      if (place === null || typeof place !== 'object') continue
      for (const [name, found] of Object.entries(place)) {
        if (/^secretboxencryptionsecret$/i.test(name) && typeof found === 'string' && found !== '')
          keys.add(found)
        if (/^aescbcencryptionsecret$/i.test(name) && typeof found === 'string' && found !== '') older = true
      }
    }
    if (map.kind === 'KubeEtcdEncryptionConfig') {
      const found = writingKey(map.config)
      if (found.key !== undefined) keys.add(found.key)
      older ||= found.provider !== undefined && found.provider !== 'secretbox'
    }
    if (typeof spec === 'string') for (const inner of documents(spec)) look(inner, depth + 1)
    else look(spec, depth + 1)
  }
  const all = documents(text.toString('utf8'))
  if (all.length === 0) return { ok: false, why: 'is no YAML' }
  for (const one of all) look(one, 0)
  const [key] = keys
  if (keys.size > 1) return { ok: false, why: 'has more than one secretbox key: its nodes do not agree' }
  if (key !== undefined) return { ok: true, key: Buffer.from(key) }
  return older
    ? { ok: false, why: 'encrypts Secrets by something else: this cluster does not use secretbox' }
    : {
        ok: false,
        why: 'has no cluster.secretboxEncryptionSecret, and no KubeEtcdEncryptionConfig with a secretbox key',
      }
}

/**
 * What Kubernetes writes Secrets with: the first provider of the first entry that has them, and its first key
 * (kubernetes.io, "Encrypting Confidential Data at Rest").
 */
function writingKey(config: unknown): { provider?: string; key?: string } {
  for (const entry of list(pick(config, 'resources'))) {
    if (!list(pick(entry, 'resources')).some((name) => name === 'secrets' || name === '*.' || name === '*.*'))
      continue
    const [first] = list(pick(entry, 'providers'))
    const [provider] = first !== null && typeof first === 'object' ? Object.keys(first) : []
    if (provider === undefined) return {}
    const secret = pick(list(pick(pick(first, provider), 'keys'))[0], 'secret')
    const key = provider === 'secretbox' && typeof secret === 'string' ? { key: secret } : {}
    return { provider, ...key }
  }
  return {}
}

function pick(value: unknown, name: string): unknown {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[name] : undefined
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function documents(text: string): unknown[] {
  const parsed = parseAllDocuments(text.replace(/^\uFEFF/, ''), { uniqueKeys: false, logLevel: 'silent' })
  if (!Array.isArray(parsed)) return []
  return parsed
    .filter(({ errors }) => errors.length === 0)
    .map((one) => one.toJS({ maxAliasCount: 10 }) as unknown)
}
