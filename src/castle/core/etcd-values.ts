import { readRevisions } from './bolt.ts'

/** How one value in etcd is stored. */
type Stored =
  | { kind: 'secretbox'; keyName: string; nonce: Buffer; box: Buffer }
  /** The prefix says secretbox, but it is too short to hold anything. */
  | { kind: 'cut' }
  | { kind: 'other-encryption'; name: string }
  | { kind: 'clear' }
  | { kind: 'unknown' }

interface EtcdValue {
  /** Empty where the file is one value. */
  key: string
  value: Buffer
}

const PREFIX = Buffer.from('k8s:enc:')
const SECRETBOX = Buffer.from('k8s:enc:secretbox:v1:')
const NONCE = 24
const TAG = 16

/** Says how Kubernetes stored a value: by the transformer's prefix, or in clear as protobuf or JSON. */
export function storedAs(value: Buffer): Stored {
  if (value.subarray(0, SECRETBOX.length).equals(SECRETBOX)) {
    const end = value.indexOf(0x3a, SECRETBOX.length)
    if (end < 0 || value.length < end + 1 + NONCE + TAG) return { kind: 'cut' }
    return {
      kind: 'secretbox',
      keyName: value.toString('latin1', SECRETBOX.length, end).slice(0, 64),
      nonce: value.subarray(end + 1, end + 1 + NONCE),
      box: value.subarray(end + 1 + NONCE),
    }
  }
  if (value.subarray(0, PREFIX.length).equals(PREFIX)) {
    const name = value.toString('latin1', PREFIX.length, PREFIX.length + 32).split(':')[0] ?? ''
    return { kind: 'other-encryption', name }
  }
  if (value.subarray(0, 4).equals(Buffer.from('k8s\0')) || value[0] === 0x7b) return { kind: 'clear' }
  return { kind: 'unknown' }
}

type EtcdFile =
  /** `older`: what a snapshot still holds of values that were replaced or deleted. */
  | { kind: 'snapshot' | 'json' | 'value'; values: EtcdValue[]; older: EtcdValue[] }
  | { kind: 'damaged'; why: string }

/**
 * Reads what a person can get out of etcd: a snapshot (`etcdctl snapshot save`, `talosctl etcd snapshot`), the JSON
 * of `etcdctl get -w json`, or the bytes of one value.
 */
export function readEtcdFile(bytes: Buffer): EtcdFile {
  const snapshot = readRevisions(bytes)
  if (snapshot !== undefined)
    return typeof snapshot === 'string'
      ? { kind: 'damaged', why: snapshot }
      : { kind: 'snapshot', values: snapshot.latest, older: snapshot.older }
  return jsonValues(bytes) ?? { kind: 'value', values: [{ key: '', value: bytes }], older: [] }
}

/**
 * What may be the encrypted part of a value that is a whole file. `etcdctl --print-value-only` ends its output with a
 * newline that is no part of it, and one of 256 values ends with that byte: only opening it tells.
 */
export function boxesIn(box: Buffer, kind: EtcdFile['kind']): Buffer[] {
  return kind === 'value' && box.at(-1) === 0x0a ? [box, box.subarray(0, -1)] : [box]
}

function jsonValues(bytes: Buffer): EtcdFile | undefined {
  if (bytes[0] !== 0x7b || !bytes.subarray(0, 65_536).includes('"kvs"')) return undefined
  try {
    const data: unknown = JSON.parse(bytes.toString('utf8'))
    const kvs: unknown = (data as { kvs?: unknown }).kvs
    if (!Array.isArray(kvs)) return undefined
    const values = kvs.map((kv: { key?: unknown; value?: unknown }) => ({
      key: Buffer.from(String(kv.key ?? ''), 'base64').toString('utf8'),
      value: Buffer.from(String(kv.value ?? ''), 'base64'),
    }))
    return { kind: 'json', values, older: [] }
  } catch {
    return undefined
  }
}

/** Whether a key of etcd holds a Secret; in a snapshot everything else is in clear text on purpose. */
export function isSecretKey(key: string): boolean {
  return key === '' || /^\/[^/]+\/secrets\//.test(key)
}
