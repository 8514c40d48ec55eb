import { describe, expect, it } from 'vitest'
import { failureText } from '../../src/core/failure/words.ts'
import type { LaunchSet } from '../../src/core/grant/compile.ts'
import { compileLaunchSet } from '../../src/core/grant/compile.ts'
import { grantTable } from '../../src/core/grant/grants.ts'
import { KEEP_UMASK } from '../../src/core/grant/launch-set.ts'
import { parseConfig } from '../../src/core/project/read.ts'

const GHOST = "/run/user/1000/tazpod/it's/ghost"

function config(text: string) {
  const parsed = parseConfig(`version: 1\n${text}`, 'tazpod.yaml')
  if (!parsed.ok) throw new Error(failureText(parsed.error).message)
  return parsed.value
}

function compile(
  text: string | undefined,
  secrets: Record<string, string | Buffer>,
  identity?: Record<string, string>,
) {
  const map = new Map(Object.entries(secrets).map(([name, value]) => [name, Buffer.from(value as string)]))
  return compileLaunchSet({
    config: text === undefined ? undefined : config(text),
    secrets: map,
    ...(identity && { identity: new Map(Object.entries(identity).map(([k, v]) => [k, Buffer.from(v)])) }),
    root: '/home/u/project',
    ghost: GHOST,
  })
}

function set(...args: Parameters<typeof compile>): LaunchSet {
  const result = compile(...args)
  if (!result.ok) throw new Error(failureText(result.error).message)
  return result.value
}

function message(...args: Parameters<typeof compile>): string {
  const result = compile(...args)
  return result.ok ? 'no failure' : failureText(result.error).message
}

describe('without a project', () => {
  it('every command gets every secret in its own folder, well-known names with their variable', () => {
    const { entries, plans } = set(undefined, {
      ZED: 'z',
      KUBECONFIG_CONTENT: 'k',
      KUBECONFIG: 'k2',
      work: 'w',
    })
    expect(entries.map(({ kind, name }) => [kind, name])).toEqual([
      ['secret', 'KUBECONFIG'],
      ['secret', 'KUBECONFIG_CONTENT'],
      ['secret', 'ZED'],
      ['secret', 'work'],
    ])
    expect(plans).toEqual([
      {
        pattern: '*',
        umask: 0o077,
        ops: [
          { op: 'file', entry: 0, dir: 'KUBECONFIG', file: 'kubeconfig', mode: 0o600, env: 'KUBECONFIG' },
          {
            op: 'file',
            entry: 1,
            dir: 'KUBECONFIG_CONTENT',
            file: 'KUBECONFIG_CONTENT',
            mode: 0o600,
            env: '',
          },
          { op: 'file', entry: 2, dir: 'ZED', file: 'ZED', mode: 0o600, env: '' },
          { op: 'file', entry: 3, dir: 'secret-work', file: 'work', mode: 0o600, env: '' },
        ],
      },
    ])
  })

  it('and an empty vault gives an empty plan that keeps the umask', () => {
    expect(set(undefined, {})).toEqual({ entries: [], plans: [{ pattern: '*', umask: KEEP_UMASK, ops: [] }] })
  })
})

describe('with a project', () => {
  it('without "commands" every command gets what is declared, and nothing else', () => {
    const { entries, plans } = set('secrets: [{ name: A, env: A_FILE }, { name: B, env: B, as: value }]', {
      A: 'a',
      B: 'b',
      C: 'c',
    })
    expect(entries.map(({ name }) => name)).toEqual(['A', 'B'])
    expect(plans).toEqual([
      {
        pattern: '*',
        umask: 0o077,
        ops: [
          { op: 'file', entry: 0, dir: 'A', file: 'A', mode: 0o600, env: 'A_FILE' },
          { op: 'value', entry: 1, env: 'B' },
        ],
      },
    ])
  })

  it('a listed command gets exactly its list; what nobody is granted is not held', () => {
    const text = `secrets: [{ name: A, file: a }, { name: B, file: b }, { name: C, file: c }]
commands:
  terraform: { secrets: [A, B] }
  make: { secrets: [A], umask: 022, preset: tofu }
  "*": {}
`
    const { entries, plans } = set(text, { A: '1', B: '2', C: '3' })
    expect(entries.map(({ name }) => name)).toEqual(['A', 'B'])
    expect(plans.map(({ pattern, umask }) => [pattern, umask])).toEqual([
      ['terraform', 0o077],
      ['make', 0o022],
      ['*', KEEP_UMASK],
    ])
    const checkpoint = {
      op: 'env',
      ifUnset: true,
      withPrevious: false,
      name: 'CHECKPOINT_DISABLE',
      value: '1',
    }
    expect(plans[0]?.ops[2]).toEqual(checkpoint)
    expect(plans[1]?.ops).toEqual([
      { op: 'file', entry: 0, dir: 'A', file: 'a', mode: 0o600, env: '' },
      checkpoint,
    ])
    expect(plans[2]?.ops).toEqual([])
  })

  it('a bind is rendered once and shared', () => {
    const text = `binds:
  - { path: infra/s.auto.tfvars, format: tfvars, values: { id: { identity: clientId }, key: KEY } }
commands: { terraform: { binds: [infra/s.auto.tfvars] }, tofu: { binds: [./infra/s.auto.tfvars] } }
`
    const { entries, plans } = set(text, { KEY: 'a"$\x7bb}' }, { clientId: 'me' })
    expect(entries).toHaveLength(1)
    expect(entries[0]).toMatchObject({
      kind: 'rendered',
      name: 'infra/s.auto.tfvars',
      sources: ['identity.clientId', 'KEY'],
    })
    expect(entries[0]?.value.toString()).toBe('id = "me"\nkey = "a\\"$${b}"\n')
    for (const plan of plans) {
      expect(plan.ops[0]).toEqual({
        op: 'bind',
        entry: 0,
        target: '/home/u/project/infra/s.auto.tfvars',
        mode: 0o600,
      })
    }
  })

  it('a missing secret stops only the commands that need it', () => {
    const text = `secrets: [{ name: A, file: a }]
binds:
  - { path: x, format: json, values: { a: A, b: { identity: token }, c: GONE } }
  - { path: y, format: raw, values: { c: GONE } }
commands: { one: { secrets: [A] }, two: { binds: [x, y] }, three: {} }
`
    expect(set(text, {}).plans.map((plan) => plan.ops)).toEqual([
      [{ op: 'missing', name: 'A' }],
      [
        { op: 'missing', name: 'A' },
        { op: 'missing', name: 'identity.token' },
        { op: 'missing', name: 'GONE' },
      ],
      [],
    ])
  })

  it('names of entries never clash', () => {
    const text = `secrets: [{ name: A, file: a }]
binds: [{ path: A, format: raw, values: { x: A } }, { path: "@identity", format: raw, values: { x: A } }]
`
    expect(set(text, { A: '1' }).entries.map(({ name }) => name)).toEqual(['A', './A', './@identity'])
  })

  it('presets lay a secret out for its tool', () => {
    const text =
      'secrets: [{ name: DEPLOY, preset: git }, { name: HUB, preset: docker }, { name: SOPS_AGE_KEY }, { name: T, preset: talosctl, env: X }]'
    const ops = set(text, { DEPLOY: 'k', HUB: '{}', SOPS_AGE_KEY: 'a', T: 't' }).plans[0]?.ops
    const ssh = "ssh -i '/run/user/1000/tazpod/it'\\''s/ghost/DEPLOY/ssh-key' -o IdentitiesOnly=yes"
    expect(ops).toEqual([
      { op: 'file', entry: 0, dir: 'DEPLOY', file: 'ssh-key', mode: 0o600, env: 'TAZPOD_SSH_KEY' },
      { op: 'env', ifUnset: false, withPrevious: true, name: 'GIT_SSH_COMMAND', value: ssh },
      { op: 'env', ifUnset: false, withPrevious: true, name: 'RSYNC_RSH', value: ssh },
      { op: 'file', entry: 1, dir: 'HUB', file: 'config.json', mode: 0o600, env: '' },
      { op: 'env', ifUnset: false, withPrevious: true, name: 'DOCKER_CONFIG', value: `${GHOST}/HUB` },
      { op: 'file', entry: 2, dir: 'SOPS_AGE_KEY', file: 'age.key', mode: 0o600, env: 'SOPS_AGE_KEY_FILE' },
      { op: 'file', entry: 3, dir: 'T', file: 'talosconfig', mode: 0o600, env: 'X' },
    ])
  })
})

describe('what can not be delivered', () => {
  const value = 'secrets: [{ name: A, env: TOKEN, as: value }]'
  it('a NUL byte or too many bytes in a variable', () => {
    expect(message(value, { A: 'a\0b' })).toMatch(/^A can't be delivered: it contains a NUL byte/)
    expect(message(value, { A: 'x'.repeat(131_071 - 6) })).toBe('no failure')
    expect(message(value, { A: 'x'.repeat(131_071 - 5) })).toMatch(
      /^A can't be delivered: it has 131066 bytes, and TOKEN can hold 131065/,
    )
  })
  it('more than 1 MiB in a file, but 900 KiB are fine', () => {
    const file = 'secrets: [{ name: A, file: a }]'
    expect(message(file, { A: 'x'.repeat(900 * 1024) })).toBe('no failure')
    expect(message(file, { A: 'x'.repeat(1024 * 1024 + 1) })).toMatch(/^A /)
  })
  it('bytes that are not text in a text format: names the key and the bind', () => {
    const bind = 'binds: [{ path: a/b, format: json, values: { k: A } }]'
    expect(message(bind, { A: Buffer.from([0xff]) })).toMatch(
      /^"k" in a\/b can't be delivered: it is not UTF-8/,
    )
  })
  it('too many secrets, too many bytes', () => {
    const many = Object.fromEntries(Array.from({ length: 16_400 }, (_, i) => [`S${i}`, 'x']))
    expect(message(undefined, many)).toContain('the number of secrets')
    const large = Object.fromEntries(
      Array.from({ length: 64 }, (_, i) => [`S${i}`, Buffer.alloc(1024 * 1024)]),
    )
    expect(message(undefined, large)).toContain('all secrets together')
  })
  it('a target that is too long for a path', () => {
    const long = compileLaunchSet({
      config: config('binds: [{ path: a, format: raw, values: { k: A } }]'),
      secrets: new Map([['A', Buffer.from('x')]]),
      root: `/${'d'.repeat(4_095)}`,
      ghost: GHOST,
    })
    expect(long).toMatchObject({ ok: false, error: { reason: 'too-large' } })
  })
})

describe('the grant table', () => {
  it('says what each command gets, as what, and holds names only', () => {
    const text = `secrets: [{ name: K, preset: ssh }, { name: V, env: V, as: value }]
binds: [{ path: b, format: json, values: { x: { identity: token }, y: Y } }]
commands: { git: { secrets: [K] }, "*": { secrets: [V], binds: [b], umask: 022 }, ls: {} }
`
    expect(grantTable(config(text))).toEqual([
      {
        command: 'git',
        what: ['K'],
        as: 'file',
        where: 'K/ssh-key',
        variables: ['TAZPOD_SSH_KEY', 'GIT_SSH_COMMAND', 'RSYNC_RSH'],
      },
      { command: '*', what: ['V'], as: 'value', where: 'V', variables: [], umask: '022' },
      { command: '*', what: ['identity.token', 'Y'], as: 'bind', where: 'b', variables: [], umask: '022' },
      { command: 'ls', what: [], as: 'nothing', where: '', variables: [] },
    ])
  })
})
