import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { CHECKOUT, installedRoot } from '../installed.ts'
import type { Scratch } from '../scratch.ts'
import { sharedFolder } from '../shared-folder.ts'
import { Terminal, type TerminalOptions } from '../terminal.ts'

/** Node as every user can run it. */
function node(): string {
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64'
  const own = join(installedRoot(), `node_modules/node-linux-${arch}/bin/node`)
  return existsSync(own) ? own : process.execPath
}

/** Bundles test/support/dashboard/program.tsx as scripts/build.mjs bundles the product, once per test run. */
async function program(): Promise<string> {
  const done = join(sharedFolder(), 'dashboard-program')
  const file = join(done, 'main.mjs')
  if (existsSync(file)) return file
  const to = mkdtempSync(`${done}-`)
  chmodSync(to, 0o755)
  await build({
    entryPoints: [join(CHECKOUT, 'test/support/dashboard/program.tsx')],
    outfile: join(to, 'main.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    logLevel: 'warning',
    absWorkingDir: CHECKOUT,
    banner: {
      js: `import {createRequire as __cr} from 'node:module'; const require = __cr(import.meta.url); const __filename = import.meta.filename, __dirname = import.meta.dirname;`,
    },
    alias: { 'react-devtools-core': './scripts/empty.js' },
    define: { 'process.env.NODE_ENV': '"production"', 'process.env.DEV': '"false"' },
    external: ['*.node'],
  })
  try {
    renameSync(to, done)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error // another test file was first
    rmSync(to, { recursive: true })
  }
  return file
}

/** The command line of the dashboard on a world that stands still. */
export async function dashboardProgram(world: string): Promise<string[]> {
  return [node(), await program(), world]
}

/**
 * Waits until that dashboard is there in full. It takes the mouse behind its first frame; a key that is answered after
 * that says that what follows is done too: the terminal's guard is told, the mouse is listened to.
 */
export async function started(terminal: Terminal): Promise<void> {
  await terminal.waitForScreen((screen) => screen.includes('[1 secrets') && terminal.modes.mouse !== 'none')
  for (const [key, tab] of [
    ['2', '[2 running'],
    ['1', '[1 secrets'],
  ] as const) {
    terminal.type(key)
    await terminal.waitForScreen((screen) => screen.includes(tab))
  }
}

/** The dashboard on a world that stands still, at a terminal. The zone is fixed, so that times look the same. */
export async function dashboardAtTerminal(
  scratch: Scratch,
  world: string,
  options: TerminalOptions = {},
): Promise<Terminal> {
  const env = { TZ: 'UTC', ...options.env }
  return new Terminal(scratch, await dashboardProgram(world), { cols: 80, rows: 24, ...options, env })
}
