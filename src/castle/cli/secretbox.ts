import { printable } from '../../cli/output.ts'
import type { KeyCheck } from '../app/secretbox/check.ts'

const WORDS = {
  right: 'is the recorded one',
  unrecorded: 'is a key; none is recorded yet (tazpod castle secretbox new)',
  missing: 'is not in the store',
  invalid: 'is no secretbox key: base64 of exactly 32 bytes',
  other: 'is NOT the one that this cluster was made with',
}

const OPENED = {
  current: () => 'encrypted, and this key opens them',
  next: (name: string) => `opened by ${name}, the key that takes over`,
  old: (name: string) => `opened by ${name}, an old key: they are lost with it`,
}

/** What `castle secretbox check` found, for people. */
export function secretboxLines({ castle, life, secret, key, etcd }: Omit<KeyCheck, 'exitCode'>): string[] {
  const lines = [`castle ${castle} is ${life}`, `${secret} ${WORDS[key]}`]
  if (etcd === null) return lines
  const rows: [number, string][] = [
    ...etcd.openedBy.map(({ which, key: name, values }): [number, string] => [values, OPENED[which](name)]),
    [etcd.locked, 'encrypted, and this key does NOT open them'],
    [etcd.clear, 'in clear text'],
    [etcd.otherwise, 'encrypted by something else than secretbox'],
    [etcd.unreadable, 'cut off, or no value of Kubernetes'],
    [etcd.olderClear, 'older values in clear text: rewritten or deleted, on the disk until etcd compacts'],
  ]
  return [
    ...lines,
    `${printable(etcd.file)} (${etcd.kind}): ${etcd.secrets} Secrets`,
    ...rows.filter(([count]) => count > 0).map(([count, words]) => `  ${count} ${words}`),
    ...etcd.notOpened.map((name) => `    ${printable(name)}`),
  ]
}
