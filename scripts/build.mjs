// Builds everything that is not in git: dist/ (bundle), bin/tazpod (native launcher), oclif.manifest.json.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)

// npm runs scripts with the Node on the PATH of `npm` only when it is first in PATH: re-run with the pinned one.
if (Number(process.versions.node.split('.')[0]) < 22) {
  console.error(
    `tazpod: building needs Node 22 or newer, this is ${process.versions.node}; run it as \`npm run build\``,
  )
  process.exit(70)
}

const { build } = await import('esbuild')
// oclif sorts its command ids, plain ASCII, with localeCompare, and the first use of that loads ICU's collation data:
// 15 to 30 ms of every start.
const plainOrder = {
  name: 'plain-order',
  setup({ onLoad }) {
    onLoad({ filter: /@oclif\/core\/lib\/config\/plugin\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      const slow = 'a.id.localeCompare(b.id)'
      if (!text.includes(slow))
        throw new Error(`${path} no longer sorts with localeCompare: drop this plugin`)
      return { contents: text.replaceAll(slow, '(a.id < b.id ? -1 : a.id > b.id ? 1 : 0)') }
    })
  },
}

/** What @infisical/sdk imports for a login that tazpod does not use. */
const AWS = Object.fromEntries(
  [
    '@aws-crypto/sha256-js',
    '@aws-sdk/credential-providers',
    '@smithy/protocol-http',
    '@smithy/signature-v4',
  ].map((name) => [name, './scripts/no-aws.js']),
)

const fresh = `dist.new-${process.pid}`

buildNative()
executeOnlyNode()
await bundle(fresh)
grammar(fresh)
swap(fresh, 'dist')
await manifest()

/** The native binary, or the sh launcher where no compiler is found. Renamed into place: a running one stays whole. */
function buildNative() {
  const make = spawnSync('make', ['-s', '-C', 'native'], { stdio: 'inherit' })
  const native = make.status === 0
  if (!native && hasCompiler()) {
    console.error('tazpod: the native binary does not compile; nothing was replaced')
    process.exit(1) // a launcher in its place would hide the mistake
  }
  const launcher = `bin/.tazpod-${process.pid}`
  if (!native)
    console.error('tazpod: no native binary (cc and make are needed); bin/tazpod becomes the sh launcher')
  copyFileSync(native ? 'native/build/tazpod' : 'scripts/launcher.sh', launcher)
  chmodSync(launcher, 0o755)
  renameSync(launcher, 'bin/tazpod')
  if (!native && process.env.TAZPOD_REQUIRE_NATIVE) process.exit(1)
}

/**
 * A Node that may be executed and not be read: the kernel keeps such a process closed from its first instruction to the other
 * ones of its user (execve(2), ptrace(2) "dumpable"). The bytes are shared with the package's where the file system can.
 */
function executeOnlyNode() {
  const [from] = globSync('node_modules/node-linux-*/bin/node')
  if (from === undefined) return // some other Node is on the PATH
  const [made, source] = ['native/build/node', statSync(from)]
  if (existsSync(made) && statSync(made).mtimeMs === source.mtimeMs && statSync(made).size === source.size)
    return
  const copy = `${made}.${process.pid}`
  mkdirSync('native/build', { recursive: true })
  copyFileSync(from, copy, constants.COPYFILE_FICLONE)
  utimesSync(copy, source.atime, source.mtime)
  chmodSync(copy, 0o111)
  renameSync(copy, made)
}

/** Whether this machine could compile anything at all the way the Makefile does. */
function hasCompiler() {
  const input = '#include <stdio.h>\nint main(void) { return puts("") < 0; }\n'
  const args = ['-x', 'c', '-static', '-o', '/dev/null', '-']
  return (
    spawnSync('make', ['--version']).status === 0 &&
    spawnSync(process.env.CC ?? 'cc', args, { input }).status === 0
  )
}

/** One chunk per command, so that a command loads only what it uses. Native addons stay outside. */
async function bundle(outdir) {
  const banner = `import {createRequire as __cr} from 'node:module'; const require = __cr(import.meta.url); const __filename = import.meta.filename, __dirname = import.meta.dirname;`
  await build({
    entryPoints: ['bin/main.ts', ...globSync('commands/**/*.ts')],
    outbase: '.',
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifySyntax: true,
    sourcemap: 'linked',
    logLevel: 'warning',
    banner: { js: banner }, // CommonJS packages inside the bundle use these three names
    alias: { ...AWS, 'react-devtools-core': './scripts/empty.js' },
    // React without its checks, and no way into ink's debugger through the caller's environment.
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    external: ['typescript', '*.node', '@napi-rs/keyring', 'node-pty'],
    plugins: [plainOrder],
  })
}

/** The parser of HCL: two WebAssembly files, loaded by the commands that read Terraform code. */
function grammar(outdir) {
  for (const file of [
    'node_modules/web-tree-sitter/web-tree-sitter.wasm',
    'node_modules/@tree-sitter-grammars/tree-sitter-hcl/tree-sitter-terraform.wasm',
  ])
    copyFileSync(file, `${outdir}/${file.slice(file.lastIndexOf('/') + 1)}`)
}

/** A tazpod that runs during a build finds the old bundle or the new one. */
function swap(from, to) {
  const old = `dist.old-${process.pid}`
  if (existsSync(to)) renameSync(to, old)
  renameSync(from, to)
  rmSync(old, { recursive: true, force: true })
}

/** What the `oclif` package would write; 234 -> 86 ms start-up with one heavy command. */
async function manifest() {
  const { Plugin } = await import('@oclif/core/config')
  const plugin = new Plugin({ root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true })
  await plugin.load()
  writeFileSync(`${fresh}.json`, `${JSON.stringify(plugin.manifest, null, 2)}\n`)
  renameSync(`${fresh}.json`, 'oclif.manifest.json')
}
