import { parseAllDocuments } from 'yaml'

export type FoundKey = { ok: true; key: Buffer } | { ok: false; why: string }

/**
 * The secretbox key in what a person can get from Talos: a machine config, the output of `talosctl get machineconfig
 * -o yaml` (one resource per node, the config as text in `spec`), or a secrets bundle of `talosctl gen secrets`.
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
    ? { ok: false, why: 'has cluster.aescbcEncryptionSecret: this cluster does not use secretbox' }
    : { ok: false, why: 'has no cluster.secretboxEncryptionSecret' }
}

function documents(text: string): unknown[] {
  const parsed = parseAllDocuments(text.replace(/^\uFEFF/, ''), { uniqueKeys: false, logLevel: 'silent' })
  if (!Array.isArray(parsed)) return []
  return parsed
    .filter(({ errors }) => errors.length === 0)
    .map((one) => one.toJS({ maxAliasCount: 10 }) as unknown)
}
