// Builds everything that is not in git: dist/ (bundle), bin/tazpod (native launcher), oclif.manifest.json.
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  readFileSync,
  renameSync,
  rmSync,
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

const fresh = `dist.new-${process.pid}`

buildNative()
await bundle(fresh)
swap(fresh, 'dist')
await manifest()

/** The native binary, or the sh launcher where no compiler is found. Renamed into place: a running one stays whole. */
function buildNative() {
  const make = spawnSync('make', ['-s', '-C', 'native'], { stdio: 'inherit' })
  const native = make.status === 0
  const launcher = `bin/.tazpod-${process.pid}`
  if (!native)
    console.error('tazpod: no native binary (cc and make are needed); bin/tazpod becomes the sh launcher')
  copyFileSync(native ? 'native/build/tazpod' : 'scripts/launcher.sh', launcher)
  chmodSync(launcher, 0o755)
  renameSync(launcher, 'bin/tazpod')
  if (!native && process.env.TAZPOD_REQUIRE_NATIVE) process.exit(1)
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
    external: ['typescript', '*.node', '@napi-rs/keyring', 'node-pty'],
    plugins: [plainOrder],
  })
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
