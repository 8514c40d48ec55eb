import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { LaunchEntry, LaunchSet } from '../../src/core/grant/launch-set.ts'
import { KEEP_UMASK } from '../../src/core/grant/launch-set.ts'
import type { SessionMeta } from '../../src/core/grant/set-frame.ts'
import { encodeSet } from '../../src/core/grant/set-frame.ts'

const meta: SessionMeta = { idle: 0, max: 0, scope: 'user', label: 'default', root: '', provider: 'vault' }
const project: SessionMeta = {
  idle: 1_800,
  max: 43_200,
  refresh: 1_500,
  scope: 'terminal',
  lockOnExit: true,
  proven: true,
  proof: 900,
  digest: 'ab'.repeat(32),
  config: {
    dev: 2_049n,
    ino: 1_234_567n,
    size: 321n,
    mtimeNs: 1_700_000_000_123_456_789n,
    ctimeNs: 2n ** 63n,
  },
  label: 'tazlab-k8s',
  root: '/home/u/tazlab-k8s',
  provider: 'infisical',
}

function secret(name: string, value: string | Buffer = name): LaunchEntry {
  return { kind: 'secret', name, value: Buffer.from(value as string), sources: [name] }
}

const normal: LaunchSet = {
  entries: [
    secret('KUBECONFIG_CONTENT', 'apiVersion: v1\n'),
    secret('TOKEN', Buffer.from([0x00, 0xff, 0x0d, 0x0a, 0xe2, 0x82, 0xac])),
    secret('EMPTY', ''),
    {
      kind: 'rendered',
      name: 'infra/s.auto.tfvars',
      value: Buffer.from('a = "b"\n'),
      sources: ['TOKEN', 'PASSWORD'],
    },
    { kind: 'internal', name: '@identity', value: Buffer.from('AGE-SECRET-KEY-1EXAMPLE') },
  ],
  plans: [
    {
      pattern: 'terraform',
      umask: 0o077,
      valid: 2_592_000,
      ops: [
        { op: 'bind', entry: 3, target: '/home/u/tazlab-k8s/infra/s.auto.tfvars', mode: 0o600 },
        { op: 'env', ifUnset: true, withPrevious: false, name: 'CHECKPOINT_DISABLE', value: '1' },
      ],
    },
    {
      pattern: 'kubectl',
      umask: 0o022,
      ops: [
        {
          op: 'file',
          entry: 0,
          dir: 'KUBECONFIG_CONTENT',
          file: 'kubeconfig',
          mode: 0o600,
          env: 'KUBECONFIG',
        },
        { op: 'file', entry: 2, dir: 'EMPTY', file: 'EMPTY', mode: 0o600, env: '' },
        { op: 'value', entry: 1, env: 'TOKEN' },
        {
          op: 'env',
          ifUnset: false,
          withPrevious: true,
          name: 'DOCKER_CONFIG',
          value: '/run/user/1000/tazpod/x/ghost/HUB',
        },
      ],
    },
    { pattern: 'broken', umask: 0o077, ops: [{ op: 'missing', name: 'GONE' }] },
    { pattern: '*', umask: KEEP_UMASK, ops: [] },
  ],
}

const thousand: LaunchSet = {
  entries: Array.from({ length: 1_000 }, (_, i) => secret(`S${i}`, `value ${i}`)),
  plans: [
    {
      pattern: '*',
      umask: 0o077,
      ops: Array.from({ length: 1_000 }, (_, i) => {
        return { op: 'file', entry: i, dir: `S${i}`, file: 'f', mode: 0o600, env: '' } as const
      }),
    },
  ],
}

/** A set with one entry and one plan with these operations. */
function small(...ops: LaunchSet['plans'][number]['ops']): LaunchSet {
  return { entries: [secret('A', 'a')], plans: [{ pattern: '*', umask: 0o077, ops }] }
}

/** The encoded small set with `from` (the only place of these bytes) replaced by as many others. */
function patched(set: LaunchSet, from: Buffer, to: Buffer): Buffer {
  const frame = encodeSet(set, meta)
  const at = frame.indexOf(from)
  if (at === -1 || from.length !== to.length || frame.indexOf(from, at + 1) !== -1)
    throw new Error('bad patch')
  to.copy(frame, at)
  return frame
}

function bytes(...values: number[]): Buffer {
  return Buffer.from(values)
}

const file = { op: 'file', entry: 0, dir: 'd', file: 'f', mode: 0o600, env: '' } as const
const end = (frame: Buffer, records: number) => {
  frame.writeUInt32LE(records, frame.length - 4)
  return frame
}

const vectors: Record<string, () => Buffer> = {
  'set-normal': () => encodeSet(normal, project),
  'set-refresh': () => encodeSet(normal, { ...project, scope: 'user', cause: 'refresh' }),
  'set-bad-cause': () => {
    const frame = encodeSet(small(), meta)
    frame[8 + 5 + 13] = 2
    return frame
  },
  'set-empty': () => encodeSet({ entries: [], plans: [] }, meta),
  'set-1000': () => encodeSet(thousand, meta),
  'set-bad-truncated': () => encodeSet(normal, project).subarray(0, -7),
  'set-bad-magic': () => patched(small(), Buffer.from('TZ'), Buffer.from('TX')),
  'set-bad-version': () => patched(small(), bytes(0x54, 0x5a, 4), bytes(0x54, 0x5a, 9)),
  'set-bad-entry-index': () => encodeSet(small({ op: 'value', entry: 1, env: 'A' }), meta),
  'set-bad-internal-granted': () => {
    const internal: LaunchEntry = { kind: 'internal', name: '@identity', value: Buffer.from('x') }
    return encodeSet({ ...small({ op: 'value', entry: 0, env: 'A' }), entries: [internal] }, meta)
  },
  'set-bad-duplicate-name': () => encodeSet({ entries: [secret('A'), secret('A')], plans: [] }, meta),
  'set-bad-duplicate-file': () => encodeSet(small(file, file), meta),
  'set-bad-duplicate-plan': () => {
    const plan = { pattern: 'x', umask: 0, ops: [] }
    return encodeSet({ entries: [], plans: [plan, plan] }, meta)
  },
  'set-bad-empty-name': () => encodeSet({ entries: [secret('', 'x')], plans: [] }, meta),
  'set-bad-nul': () =>
    patched(small({ op: 'missing', name: 'QQQ' }), Buffer.from('QQQ'), Buffer.from('Q\0Q')),
  'set-bad-dir': () => encodeSet(small({ ...file, dir: '..' }), meta),
  'set-bad-dir-work': () => encodeSet(small({ ...file, dir: 'work' }), meta),
  'set-bad-file-slash': () => encodeSet(small({ ...file, file: 'a/b' }), meta),
  'set-bad-env-name': () =>
    encodeSet(small({ op: 'env', ifUnset: false, withPrevious: true, name: 'A=B', value: 'x' }), meta),
  'set-bad-mode': () => encodeSet(small({ ...file, mode: 0o644 }), meta),
  'set-bad-target': () => encodeSet(small({ op: 'bind', entry: 0, target: 'relative', mode: 0o600 }), meta),
  'set-bad-end-count': () => end(encodeSet(small(), meta), 99),
  'set-bad-string-length': () => {
    return patched(
      small({ op: 'missing', name: 'QQQ' }),
      bytes(3, 0, 0x51, 0x51, 0x51),
      bytes(0xff, 0xff, 0x51, 0x51, 0x51),
    )
  },
  'set-bad-record-length': () => patched(small(), bytes(9, 4, 0, 0, 0), bytes(9, 0xff, 0xff, 0xff, 0xff)),
  'set-bad-frame-length': () => {
    const frame = encodeSet(small(), meta)
    frame.writeUInt32LE(64 * 1024 * 1024 + 1, 4)
    return frame
  },
}

describe('the vectors that both languages read', () => {
  it.each(Object.entries(vectors))('%s', (name, build) => {
    const path = new URL(`../vectors/${name}.bin`, import.meta.url)
    if (process.env.UPDATE_VECTORS === '1') writeFileSync(path, build())
    expect(build().equals(readFileSync(path))).toBe(true)
  })

  it('set-normal is laid out as PROTOCOL.md says', () => {
    const frame = encodeSet(normal, project)
    expect(frame.toString('latin1', 0, 2)).toBe('TZ')
    expect([frame[2], frame[3], frame.readUInt32LE(4)]).toEqual([4, 1, frame.length - 8])
    const types: number[] = []
    for (let at = 8; at < frame.length; at += 5 + frame.readUInt32LE(at + 1)) types.push(frame[at] ?? 0)
    expect(types).toEqual([1, 2, 2, 2, 2, 2, 3, 6, 7, 3, 4, 4, 5, 7, 3, 8, 3, 9])
    expect(frame.readUInt32LE(frame.length - 4)).toBe(types.length - 1)
    const metaBody = frame.subarray(13, 13 + frame.readUInt32LE(9))
    expect([0, 4, 8].map((at) => metaBody.readUInt32LE(at))).toEqual([1_800, 43_200, 1_500])
    expect([...metaBody.subarray(12, 21)]).toEqual([1, 0, 1, 1, 0x84, 3, 0, 0, 1])
    const numbers = [21, 29, 37, 45, 53].map((at) => metaBody.readBigUInt64LE(at))
    expect(numbers).toEqual([2_049n, 1_234_567n, 321n, 1_700_000_000_123_456_789n, 2n ** 63n])
    expect(metaBody.toString('hex', 61, 93)).toBe(project.digest)
    expect(metaBody.toString('latin1', 93)).toBe(
      '\x0a\0tazlab-k8s\x12\0/home/u/tazlab-k8s\x09\0infisical\x04\0\0\0',
    )
    expect(
      frame.includes(Buffer.from('\x02\x13\0\0\0\0\x05\0TOKEN\x07\0\0\0\0\xff\r\n\xe2\x82\xac', 'latin1')),
    ).toBe(true)
  })
})

describe('bounds', () => {
  it('a set outside them is a bug and throws, without a value in the message', () => {
    const large = Buffer.alloc(1024 * 1024 + 1, 'c4n4ry')
    expect(() => encodeSet({ entries: [secret('A', large)], plans: [] }, meta)).toThrow(
      /^a value of 1048577 bytes$/,
    )
    expect(() => encodeSet({ entries: [secret('A'.repeat(256))], plans: [] }, meta)).toThrow(RangeError)
    expect(() => encodeSet({ entries: [secret('A\0')], plans: [] }, meta)).toThrow(RangeError)
    const many = Array.from({ length: 65 }, (_, i) => secret(`S${i}`, Buffer.alloc(1024 * 1024)))
    expect(() => encodeSet({ entries: many, plans: [] }, meta)).toThrow(/^a set of/)
  })
})
