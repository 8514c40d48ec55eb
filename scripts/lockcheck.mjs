// usage: node scripts/lockcheck.mjs DIR
// Lists each optional dependency that DIR/package-lock.json names but does not contain, and each entry that
// names a registry host. The first makes `npm ci` fail with "EUSAGE ... Missing: X from lock file"; it happens
// when a platform package was not published for a version (biome 2.6.8, knip 6.44.2).
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const { packages } = JSON.parse(readFileSync(join(process.argv[2] ?? '.', 'package-lock.json'), 'utf8'))

/** Node's lookup: the dependency may sit beside the package or in any enclosing node_modules. */
function contained(from, name) {
  for (let base = from; ; ) {
    if (packages[`${base ? `${base}/` : ''}node_modules/${name}`]) return true
    if (!base) return false
    const at = base.lastIndexOf('/node_modules/')
    base = at < 0 ? '' : base.slice(0, at)
  }
}

/** Install scripts that package.json denies by name; what the two packages are used for needs none. */
const DENIED = ['node_modules/esbuild', 'node_modules/@tree-sitter-grammars/tree-sitter-hcl']

const problems = []
for (const [path, entry] of Object.entries(packages)) {
  if (entry.resolved?.startsWith('http')) problems.push(`${path} names a registry host: ${entry.resolved}`)
  if (entry.hasInstallScript && !DENIED.some((denied) => path.endsWith(denied)))
    problems.push(`${path} has an install script`)
  for (const name of Object.keys(entry.optionalDependencies ?? {})) {
    if (!contained(path, name)) problems.push(`${path || '(root)'} ${entry.version} -> ${name} is missing`)
  }
}
for (const problem of problems) console.error(`lockcheck: ${problem}`)
process.exitCode = problems.length ? 1 : 0
