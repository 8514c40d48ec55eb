#!/usr/bin/env node
// Reached through bin/tazpod (native or sh). Nothing newer than Node 18 syntax may run before the version check.
const major = Number(process.versions.node.split('.')[0])
if (major < 22) {
  process.stderr.write(
    `tazpod: Node ${process.versions.node} is too old (22 or newer is needed), and the bundled Node was not found.\n` +
      '  next: run `npm ci` in the folder of tazpod\n',
  )
  process.exit(70)
}
const { fileURLToPath } = await import('node:url')
const dist = fileURLToPath(new URL('..', import.meta.url))
const { statSync } = await import('node:fs')
if (statSync(dist).uid === process.getuid?.()) {
  // Keeps compiled code beside its source: 7 to 11 ms of each start. Only the owner of that folder does, who alone may
  // write there and whose next build removes it: a file that root left in it could not be removed.
  const { enableCompileCache } = await import('node:module')
  enableCompileCache?.(`${dist}compiled`)
}
const { run } = await import('../src/cli/run.ts')
await run(fileURLToPath(new URL('../..', import.meta.url)), process.argv.slice(2))

export {}
