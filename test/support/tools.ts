import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { isRoot } from './users.ts'

/** What `.ci/run` installs: there, one of these missing is a defect of `.ci/run` and no reason to skip. */
const INSTALLED_IN_CI = new Set([
  ...[
    'age',
    'age-keygen',
    'tmux',
    'dbus-run-session',
    'dbus-daemon',
    'gnome-keyring-daemon',
    'clang',
    'gcc',
    'cc',
  ],
  ...[
    'make',
    'unshare',
    'nsenter',
    'setpriv',
    'ssh',
    'ssh-keygen',
    'git',
    'vim',
    'less',
    'python3',
    'ps',
    'strace',
    'gdb',
    'etcd',
    'zsh',
    'fish',
    'htop',
    'gpg',
    'pass',
    'gopass',
  ],
])

const told = new Set<string>()

/** Prints once per test process why something does not run here. */
export function sayWhy(reason: string): void {
  if (told.has(reason)) return
  told.add(reason)
  console.warn(`SKIPPED: ${reason}`)
}

/**
 * Is this program on the PATH? If not, the reason is printed and the caller skips: `test.skipIf(!need(...))`.
 * Throws in CI for a program that `.ci/run` installs.
 * @param what what is not tested without it, for the printed line
 */
export function need(tool: string, what: string): boolean {
  if (which(tool) !== undefined) return true
  if (process.env.CI === 'true' && INSTALLED_IN_CI.has(tool)) {
    throw new Error(`${tool} is missing, but .ci/run installs it`)
  }
  sayWhy(`${tool} is not on the PATH: ${what} is not tested`)
  return false
}

/**
 * A Python that can import these modules (python-dotenv is `dotenv`, PyYAML is `yaml`). If there is none, the reason is
 * printed and the caller skips; throws in CI, where `.ci/run` installs them for Debian's own Python.
 */
export function needPython(modules: readonly string[], what: string): string | undefined {
  const found = ['/usr/bin/python3', 'python3'].find(
    (python) => spawnSync(python, ['-c', `import ${modules.join(', ')}`]).status === 0,
  )
  if (found !== undefined) return found
  if (process.env.CI === 'true')
    throw new Error(`no Python with ${modules.join(' and ')}, but .ci/run installs it`)
  sayWhy(`no Python with ${modules.join(' and ')}: ${what} is not tested`)
  return undefined
}

/** Do the tests run as root (so that they can act as other users)? If not, the reason is printed. */
export function needRoot(what: string): boolean {
  if (isRoot()) return true
  sayWhy(`these tests don't run as root, which alone can act as another user: ${what} is not tested`)
  return false
}

/** The absolute path of a program on the PATH, or nothing. */
export function which(tool: string): string | undefined {
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    if (!dir.startsWith('/')) continue
    try {
      accessSync(join(dir, tool), constants.X_OK)
      return join(dir, tool)
    } catch {
      // not in this one
    }
  }
  return undefined
}
