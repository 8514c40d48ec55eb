import { readFileSync } from 'node:fs'
import { tazpodBinary } from './installed.ts'
import type { Scratch } from './scratch.ts'
import { held } from './story.ts'
import { Terminal, type TerminalOptions } from './terminal.ts'

export const SESSION_CONFIG = `version: 1
provider: vault
secrets:
  - { name: TOKEN, file: token, env: TOKEN_FILE }
`

/** A held project with one secret. */
export function heldProject(scratch: Scratch, config = SESSION_CONFIG): Promise<void> {
  return held(scratch, { config, secrets: { TOKEN: 'value' } })
}

const BASH = ['--norc', '--noprofile']

export interface ShellOptions extends TerminalOptions {
  /** Words between `tazpod shell` and `--`. */
  flags?: readonly string[]
  /** Arguments of the shell; default: no start-up files. */
  args?: readonly string[]
}

/** `tazpod shell` with bash at a terminal, as a person's program there. */
export function shellAtTerminal(scratch: Scratch, options: ShellOptions = {}): Terminal {
  const { flags = [], args = BASH } = options
  const env = { SHELL: '/bin/bash', PS1: 'in> ', ...options.env }
  return new Terminal(scratch, [tazpodBinary(), 'shell', ...flags, '--', ...args], {
    cols: 80,
    rows: 24,
    ...options,
    env,
  })
}

/** A bash outside, at a terminal, in which `tazpod shell` is typed: what a person has afterwards can be looked at. */
export async function shellWithin(scratch: Scratch, options: ShellOptions = {}): Promise<Terminal> {
  const { flags = [], args = BASH } = options
  const env = { SHELL: '/bin/bash', PS1: '\\$ ', PROMPT_COMMAND: '', ...options.env }
  const terminal = new Terminal(scratch, ['bash', ...BASH, '-i'], { cols: 80, rows: 24, ...options, env })
  await terminal.waitForText('$')
  terminal.line('stty -a > "$HOME/before"')
  terminal.line(
    `PS1='in> ' '${tazpodBinary()}' shell ${flags.join(' ')} -- ${args.join(' ')}; echo "code=$?"`,
  )
  await ready(terminal)
  return terminal
}

/** The shell is there, and the footer tells of it. */
export async function ready(terminal: Terminal): Promise<void> {
  await terminal.waitForText(/^in>/m)
  await footerShows(terminal, 'unlocked')
}

/** The last row of the screen. */
export function footerOf(terminal: Terminal): string {
  return terminal.screenRows().at(-1) ?? ''
}

export function footerShows(terminal: Terminal, text: string | RegExp, timeout?: number): Promise<void> {
  return terminal.waitForScreen(() => {
    const footer = footerOf(terminal)
    return typeof text === 'string' ? footer.includes(text) : text.test(footer)
  }, timeout)
}

export interface Parts {
  /** `tazpod shell`, the native parent. */
  parent: number
  node: number
  guard: number
  shell: number
  watch: number
}

/** The processes of the one session of this scratch. */
export function partsOf(scratch: Scratch): Parts {
  const all = scratch.processes().map((p) => ({ ...p, ppid: parentOf(p.pid) }))
  const node = all.find((p) => p.command.includes('main.js shell --guard'))
  const natives = all.filter((p) => p.command.includes('tazpod shell'))
  const parent = natives.find((p) => p.pid === node?.ppid)
  const guard = natives.find((p) => p.ppid === parent?.pid)
  const shell = all.find((p) => p.ppid === node?.pid && !p.command.includes('ghost watch'))
  const watch = all.find((p) => p.ppid === node?.pid && p.command.includes('ghost watch'))
  const parts = { parent, node, guard, shell, watch }
  const missing = Object.entries(parts).filter(([, p]) => p === undefined)
  if (missing.length > 0)
    throw new Error(`no ${missing.map(([name]) => name).join(', ')} among\n${JSON.stringify(all, null, 1)}`)
  return Object.fromEntries(Object.entries(parts).map(([name, p]) => [name, p?.pid])) as unknown as Parts
}

function parentOf(pid: number): number {
  try {
    return Number(
      readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ')[1],
    )
  } catch {
    return 0
  }
}
