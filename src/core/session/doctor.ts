import { shellWord } from '../text/shell-word.ts'
import { formatSize } from '../text/size.ts'

/** What `doctor` looks at. Undefined: this system does not have it, or does not let this user read it. */
export interface SystemFacts {
  uid: number
  kernel: string
  /** A user namespace was made; undefined when it could not be tried. */
  userNamespace: boolean | undefined
  /** A file system was mounted in a namespace of its own; undefined when it could not be tried. */
  mounts: boolean | undefined
  /** The root of this process is a plain folder of a larger tree. */
  chroot: boolean
  maxUserNamespaces: number | undefined
  apparmorRestrictsUserns: number | undefined
  unprivilegedUsernsClone: number | undefined
  secretMemory: 'on' | 'off' | 'absent'
  /** RLIMIT_MEMLOCK in bytes. */
  lockableBytes: number | undefined
  swaps: string[]
  corePattern: string | undefined
  ptraceScope: number | undefined
  hibernation: boolean
  runtimeDir: FolderFact | undefined
  tmp: FolderFact | undefined
  terminal: boolean
  native: boolean
  binary: string
  node: string
  /** The file of Node can be read: other processes of the user can look into those that run it. */
  nodeReadable: boolean
  /** Vault files and the folders they are in; missing ones left out. */
  files: FolderFact[]
  tools: ToolFact[]
}

export interface FolderFact {
  path: string
  kind: 'folder' | 'file' | 'link' | 'other'
  uid: number
  /** Permission bits. */
  mode: number
  /** On tmpfs or ramfs. */
  memory: boolean
}

export interface ToolFact {
  name: string
  path?: string
  version?: string
}

/** One line of the report: what was found, and what to do about it. */
export interface Finding {
  check: string
  state: 'ok' | 'warn' | 'fail'
  text: string
  fix?: string
}

/** Judges the facts. `fail`: tazpod can't work or can't keep its promise here; `warn`: it can, with less. */
export function diagnose(facts: SystemFacts): Finding[] {
  return [
    launcher(facts),
    ...surroundings(facts),
    ...(facts.chroot ? [] : [userNamespaces(facts)]),
    secretMemory(facts),
    lockable(facts),
    swap(facts),
    coreDumps(facts),
    neighbours(facts),
    nodeFile(facts),
    ...hibernation(facts),
    runtimeFolder(facts),
    temporary(facts),
    terminal(facts),
    ...facts.files.flatMap((file) => privateFile(file, facts.uid)),
    tools(facts),
  ]
}

function finding(check: string, state: Finding['state'], text: string, fix?: string): Finding {
  return fix === undefined ? { check, state, text } : { check, state, text, fix }
}

function launcher({ native, binary, node }: SystemFacts): Finding {
  return native
    ? finding('program', 'ok', `native binary, Node ${node} for the rest`)
    : finding(
        'program',
        'fail',
        `${binary} is the sh launcher: exec, lock and status need the native binary`,
        'install cc and make, then run: npm run build',
      )
}

/** What stands around this shell and forbids what tazpod lives on. */
function surroundings({ chroot, mounts, userNamespace, uid }: SystemFacts): Finding[] {
  if (chroot) {
    const text =
      uid === 0
        ? 'this is a chroot: a session that was unlocked outside of it serves nothing here'
        : 'this is a chroot, in which Linux makes no user namespace'
    return [finding('chroot', uid === 0 ? 'warn' : 'fail', text, 'use tazpod outside of the chroot')]
  }
  if (mounts !== false || (uid !== 0 && userNamespace !== true)) return []
  const text = 'a sandbox around this shell (Landlock, seccomp, AppArmor …) forbids mounts'
  return [finding('sandbox', 'fail', text, 'use tazpod outside of the sandbox')]
}

function userNamespaces(facts: SystemFacts): Finding {
  const check = 'user namespaces'
  if (facts.uid === 0) return finding(check, 'ok', 'not needed: this is root')
  if (facts.maxUserNamespaces === 0) {
    return finding(
      check,
      'fail',
      'forbidden: user.max_user_namespaces is 0',
      'sudo sysctl user.max_user_namespaces=15000',
    )
  }
  if (facts.unprivilegedUsernsClone === 0) {
    return finding(
      check,
      'fail',
      'forbidden: kernel.unprivileged_userns_clone is 0',
      'sudo sysctl kernel.unprivileged_userns_clone=1',
    )
  }
  if (facts.userNamespace === true) return finding(check, 'ok', 'an unprivileged one was made')
  if (facts.apparmorRestrictsUserns === 1) {
    return finding(
      check,
      'fail',
      'restricted by AppArmor (Ubuntu 23.10 and newer)',
      'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0',
    )
  }
  return facts.userNamespace === false
    ? finding(
        check,
        'fail',
        'making one was refused, though no known setting forbids it (container, seccomp?)',
        'allow unprivileged user namespaces in the container or policy',
      )
    : finding(
        check,
        'warn',
        'no known setting forbids them; not tried, because unshare(1) is missing',
        'install util-linux',
      )
}

function secretMemory({ secretMemory: state, kernel }: SystemFacts): Finding {
  const check = 'secret memory'
  if (state === 'on')
    return finding(check, 'ok', `memfd_secret: unreadable even through /proc/PID/mem (Linux ${kernel})`)
  const why = state === 'off' ? 'memfd_secret is switched off' : 'the kernel has no memfd_secret'
  return finding(
    check,
    'warn',
    `${why}: locked memory is used, which root can read`,
    state === 'off' ? 'boot with secretmem.enable=1' : 'use Linux 6.5 or newer',
  )
}

const MIB = 1024 * 1024

function lockable({ lockableBytes, uid }: SystemFacts): Finding {
  const check = 'lockable memory'
  if (lockableBytes === undefined) return finding(check, 'warn', 'the limit could not be read')
  if (uid === 0 || lockableBytes === Number.POSITIVE_INFINITY) return finding(check, 'ok', 'not limited')
  const size = `${formatSize(lockableBytes)} for secrets (RLIMIT_MEMLOCK)`
  const fix = `echo "$USER - memlock 65536" | sudo tee /etc/security/limits.d/tazpod.conf, then log in again`
  if (lockableBytes < 64 * 1024) return finding(check, 'fail', size, fix)
  return lockableBytes < 4 * MIB ? finding(check, 'warn', size, fix) : finding(check, 'ok', size)
}

function swap({ swaps, uid }: SystemFacts): Finding {
  const disk = swaps.filter((name) => !name.startsWith('/dev/zram'))
  if (disk.length === 0) return finding('swap', 'ok', swaps.length > 0 ? 'in memory only (zram)' : 'none')
  const kept = uid === 0 ? 'tmpfs without swap' : 'ramfs'
  return finding(
    'swap',
    'ok',
    `${disk.join(', ')}: the files of commands are kept off it (${kept}). What a command itself holds may be swapped`,
  )
}

function coreDumps({ corePattern = '' }: SystemFacts): Finding {
  const where = corePattern.startsWith('|')
    ? `go to ${corePattern.slice(1).split(' ')[0]}`
    : `are files (${corePattern || 'core'})`
  return finding('core dumps', 'ok', `${where}; the holder makes none, commands start with them switched off`)
}

function neighbours({ ptraceScope }: SystemFacts): Finding {
  const check = 'ptrace (Yama)'
  if (ptraceScope === undefined || ptraceScope === 0) {
    const why = ptraceScope === 0 ? 'kernel.yama.ptrace_scope is 0' : 'this kernel has no Yama'
    return finding(
      check,
      'warn',
      `${why}: your other programs can attach to a running command`,
      ptraceScope === 0 ? 'sudo sysctl kernel.yama.ptrace_scope=1' : undefined,
    )
  }
  return finding(check, 'ok', `ptrace_scope ${ptraceScope}: other programs can't attach to a running command`)
}

function hibernation(facts: SystemFacts): Finding[] {
  if (!facts.hibernation || facts.secretMemory !== 'on') return []
  return [
    finding(
      'hibernation',
      'ok',
      'not possible while something is unlocked (secret memory can not be written out)',
    ),
  ]
}

function runtimeFolder({ runtimeDir, uid }: SystemFacts): Finding {
  const check = 'runtime folder'
  if (runtimeDir === undefined) {
    return finding(
      check,
      'warn',
      `no XDG_RUNTIME_DIR: /tmp/tazpod-${uid} is used`,
      'log in through a session manager (loginctl enable-linger)',
    )
  }
  const { path, kind, mode } = runtimeDir
  if (kind !== 'folder') return finding(check, 'fail', `${path} is not a folder`, `check XDG_RUNTIME_DIR`)
  if (runtimeDir.uid !== uid)
    return finding(
      check,
      'fail',
      `${path} belongs to uid ${runtimeDir.uid}`,
      'unset XDG_RUNTIME_DIR, or log in as yourself',
    )
  if ((mode & 0o077) !== 0)
    return finding(
      check,
      'fail',
      `${path} is open to others (${octal(mode)})`,
      `chmod 700 ${shellWord(path)}`,
    )
  return finding(check, 'ok', `${path}, private`)
}

function temporary({ tmp }: SystemFacts): Finding {
  if (tmp?.kind !== 'folder') return finding('/tmp', 'warn', 'not a folder', 'sudo mkdir -m 1777 /tmp')
  const sticky = (tmp.mode & 0o1000) !== 0
  return sticky || (tmp.mode & 0o002) === 0
    ? finding('/tmp', 'ok', `${octal(tmp.mode)}${tmp.memory ? ', in memory' : ''}`)
    : finding(
        '/tmp',
        'fail',
        `everyone may rename your files in it (${octal(tmp.mode)})`,
        'sudo chmod 1777 /tmp',
      )
}

function terminal({ terminal: there }: SystemFacts): Finding {
  return there
    ? finding('terminal', 'ok', 'the passphrase is asked on /dev/tty')
    : finding('terminal', 'ok', 'none: scripts use --passphrase-fd N')
}

function privateFile(file: FolderFact, uid: number): Finding[] {
  const fix = `chmod ${file.kind === 'folder' ? '700' : '600'} ${shellWord(file.path)}`
  if (file.kind === 'link')
    return [finding('vault files', 'fail', `${file.path} is a symbolic link`, 'move the real file there')]
  if (file.uid !== uid)
    return [
      finding(
        'vault files',
        'fail',
        `${file.path} belongs to uid ${file.uid}`,
        `sudo chown ${uid} ${shellWord(file.path)}`,
      ),
    ]
  if ((file.mode & 0o022) !== 0)
    return [finding('vault files', 'fail', `others may change ${file.path} (${octal(file.mode)})`, fix)]
  if (file.kind === 'file' && (file.mode & 0o044) !== 0) {
    return [finding('vault files', 'fail', `others may read ${file.path} (${octal(file.mode)})`, fix)]
  }
  return file.kind === 'file' ? [finding('vault files', 'ok', `${file.path} (${octal(file.mode)})`)] : []
}

function nodeFile({ uid, nodeReadable }: SystemFacts): Finding {
  const check = 'node'
  if (uid === 0) return finding(check, 'ok', "root is not kept out of Node's memory")
  return nodeReadable
    ? finding(
        check,
        'warn',
        'the file of Node can be read, so your other processes can look into it while it has the passphrase',
        'a package whose Node is execute-only, or npm run build in a checkout',
      )
    : finding(check, 'ok', 'runs from a file that can only be executed: closed to your other processes')
}

function tools({ tools: all }: SystemFacts): Finding {
  const found = all
    .filter((t) => t.path !== undefined)
    .map((t) => (t.version ? `${t.name} ${t.version}` : t.name))
  return finding('tools', 'ok', found.length > 0 ? found.join(', ') : 'none of the known ones is on the PATH')
}

function octal(mode: number): string {
  return `0${mode.toString(8)}`
}
