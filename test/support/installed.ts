import {
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  statSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sharedFolder } from './shared-folder.ts'

/** The checkout that these tests belong to. */
export const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

let cached: string | undefined

/**
 * The folder of a tazpod that every user can run: the checkout itself, or, where it sits below a private folder
 * (0700, as root's home is), a copy of what a package would contain. The copy is made once per test run. Throws when `npm run build` was not run.
 */
export function installedRoot(): string {
  cached ??= reachable(join(CHECKOUT, 'bin/tazpod')) ? CHECKOUT : copyOut()
  return cached
}

/** `bin/tazpod` of {@link installedRoot}. */
export function tazpodBinary(): string {
  const path = join(installedRoot(), 'bin/tazpod')
  if (!existsSync(path)) throw new Error(`${path} is missing: run \`npm run build\` first`)
  return path
}

/** May every user reach this path (each folder above it searchable by others)? */
export function reachable(path: string): boolean {
  for (let at = dirname(resolve(path)); ; at = dirname(at)) {
    if (!existsSync(at) || (statSync(at).mode & 0o001) === 0) return false
    if (at === '/') return true
  }
}

function copyOut(): string {
  const done = join(sharedFolder(), 'installed')
  if (existsSync(done)) return done
  const to = mkdtempSync(`${done}-`)
  chmodSync(to, 0o755)
  const packages = ['node_modules/@napi-rs', 'node_modules/@lydell', 'node_modules/node-pty']
  for (const part of ['bin', 'dist', 'oclif.manifest.json', 'package.json', ...packages]) copy(part, to)
  // The Node that can't be read: a link needs no right to read it.
  try {
    mkdirSync(join(to, 'native/build'), { recursive: true })
    linkSync(join(CHECKOUT, 'native/build/node'), join(to, 'native/build/node'))
  } catch {
    // another file system, or not built here: the package's own is used
  }
  // Node itself without its 67 MB of headers
  for (const name of readdirSync(join(CHECKOUT, 'node_modules'))) {
    if (name.startsWith('node-linux-')) copy(`node_modules/${name}/bin`, to)
  }
  try {
    renameSync(to, done)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error // another test file was first
  }
  return done
}

function copy(part: string, to: string): void {
  const from = join(CHECKOUT, part)
  if (!existsSync(from)) throw new Error(`${from} is missing: run \`npm ci && npm run build\` first`)
  mkdirSync(dirname(join(to, part)), { recursive: true })
  cpSync(from, join(to, part), { recursive: true, dereference: true })
}
