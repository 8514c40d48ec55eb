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
const { run } = await import('../src/cli/run.ts')
const { fileURLToPath } = await import('node:url')
await run(fileURLToPath(new URL('../..', import.meta.url)), process.argv.slice(2))

export {}
