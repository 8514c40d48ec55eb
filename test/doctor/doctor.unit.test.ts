import { expect, test } from 'vitest'
import { diagnose, type SystemFacts } from '../../src/core/session/doctor.ts'

const GOOD: SystemFacts = {
  uid: 1000,
  kernel: '6.12.0',
  userNamespace: true,
  mounts: true,
  chroot: false,
  maxUserNamespaces: 15_000,
  apparmorRestrictsUserns: undefined,
  unprivilegedUsernsClone: 1,
  secretMemory: 'on',
  lockableBytes: 8 * 1024 * 1024,
  swaps: [],
  corePattern: 'core',
  ptraceScope: 1,
  hibernation: false,
  runtimeDir: { path: '/run/user/1000', kind: 'folder', uid: 1000, mode: 0o700, memory: true },
  tmp: { path: '/tmp', kind: 'folder', uid: 0, mode: 0o1777, memory: true },
  terminal: true,
  native: true,
  binary: '/opt/tazpod/bin/tazpod',
  node: '24.0.0',
  nodeReadable: false,
  files: [{ path: '/home/a/vault.age', kind: 'file', uid: 1000, mode: 0o600, memory: false }],
  tools: [{ name: 'terraform', path: '/usr/bin/terraform', version: '1.11.4' }],
}

test('a good machine has no complaint', () => {
  expect(diagnose(GOOD).filter(({ state }) => state !== 'ok')).toEqual([])
})

const OTHERS_FILE = { path: '/home/a/vault.age', kind: 'file', uid: 7, mode: 0o600, memory: false } as const

test.each<[string, Partial<SystemFacts>, string, 'warn' | 'fail', RegExp]>([
  ['sh launcher', { native: false }, 'program', 'fail', /npm run build/],
  [
    'no namespaces',
    { maxUserNamespaces: 0, userNamespace: false },
    'user namespaces',
    'fail',
    /sysctl user\.max_user_namespaces/,
  ],
  [
    'Debian switch',
    { unprivilegedUsernsClone: 0, userNamespace: false },
    'user namespaces',
    'fail',
    /unprivileged_userns_clone=1/,
  ],
  [
    'Ubuntu AppArmor',
    { apparmorRestrictsUserns: 1, userNamespace: false },
    'user namespaces',
    'fail',
    /apparmor_restrict_unprivileged_userns=0/,
  ],
  ['Landlock', { mounts: false }, 'sandbox', 'fail', /outside of the sandbox/],
  ['chroot', { chroot: true, userNamespace: false }, 'chroot', 'fail', /outside of the chroot/],
  ['seccomp', { userNamespace: false }, 'user namespaces', 'fail', /container or policy/],
  ['no unshare', { userNamespace: undefined }, 'user namespaces', 'warn', /util-linux/],
  ['memfd_secret off', { secretMemory: 'off' }, 'secret memory', 'warn', /secretmem\.enable=1/],
  ['old kernel', { secretMemory: 'absent' }, 'secret memory', 'warn', /Linux 6\.5/],
  ['64 KiB lockable', { lockableBytes: 65_536 }, 'lockable memory', 'warn', /memlock/],
  ['nothing lockable', { lockableBytes: 0 }, 'lockable memory', 'fail', /memlock/],
  ['no Yama', { ptraceScope: 0 }, 'ptrace (Yama)', 'warn', /ptrace_scope=1/],
  ['no runtime folder', { runtimeDir: undefined }, 'runtime folder', 'warn', /loginctl/],
  [
    'open runtime folder',
    { runtimeDir: { ...GOOD.runtimeDir!, mode: 0o755 } },
    'runtime folder',
    'fail',
    /chmod 700/,
  ],
  [
    'foreign runtime folder',
    { runtimeDir: { ...GOOD.runtimeDir!, uid: 7 } },
    'runtime folder',
    'fail',
    /XDG_RUNTIME_DIR/,
  ],
  ['/tmp not sticky', { tmp: { ...GOOD.tmp!, mode: 0o777 } }, '/tmp', 'fail', /chmod 1777/],
  [
    'readable vault',
    { files: [{ ...OTHERS_FILE, uid: 1000, mode: 0o644 }] },
    'vault files',
    'fail',
    /chmod 600/,
  ],
  ['foreign vault', { files: [OTHERS_FILE] }, 'vault files', 'fail', /chown 1000/],
  ['linked vault', { files: [{ ...OTHERS_FILE, kind: 'link' }] }, 'vault files', 'fail', /move/],
])('%s: one finding, with its fix', (_name, facts, check, state, fix) => {
  const bad = diagnose({ ...GOOD, ...facts }).filter((f) => f.state !== 'ok')
  expect(bad).toMatchObject([{ check, state, fix: expect.stringMatching(fix) }])
})

test('root needs no user namespace and has no limit on locked memory', () => {
  const root = { ...GOOD, uid: 0, maxUserNamespaces: 0, userNamespace: false, lockableBytes: 0, files: [] }
  const own = { ...root, runtimeDir: { ...GOOD.runtimeDir!, uid: 0 } }
  expect(diagnose(own).filter(({ state }) => state !== 'ok')).toEqual([])
})
