import { expect } from 'vitest'
import { tazpodBinary } from '../installed.ts'
import { parentOf } from '../processes.ts'
import { makeProject, makeVault, must, PASSPHRASE } from '../project.ts'
import type { Scratch } from '../scratch.ts'
import { held } from '../story.ts'
import { Terminal, type TerminalOptions } from '../terminal.ts'
import { until } from '../until.ts'

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
  restorer: number
  shell: number
  watch: number
}

/** The processes of the one session of this scratch. The shell and its footer may be there before the restorer is. */
export async function partsOf(scratch: Scratch): Promise<Parts> {
  let found = foundParts(scratch)
  const missing = (): string[] => Object.entries(found).flatMap(([name, pid]) => (pid ? [] : [name]))
  await until(() => {
    found = foundParts(scratch)
    return missing().length === 0
  })
  if (missing().length > 0)
    throw new Error(`no ${missing().join(', ')} among\n${JSON.stringify(scratch.processes(), null, 1)}`)
  return found as Parts
}

function foundParts(scratch: Scratch): Record<keyof Parts, number | undefined> {
  const all = scratch.processes().map((p) => ({ ...p, ppid: parentOf(p.pid) }))
  const node = all.find((p) => p.command.includes('main.js shell --page'))
  const natives = all.filter((p) => p.command.includes('tazpod shell'))
  const parent = natives.find((p) => p.pid === node?.ppid)
  const restorer = natives.find((p) => p.ppid === parent?.pid)
  const shell = all.find((p) => p.ppid === node?.pid && !p.command.includes('ghost watch'))
  const watch = all.find((p) => p.ppid === node?.pid && p.command.includes('ghost watch'))
  return {
    parent: parent?.pid,
    node: node?.pid,
    restorer: restorer?.pid,
    shell: shell?.pid,
    watch: watch?.pid,
  }
}

/** Ctrl-], which opens the menu. */
export const PREFIX = '\x1d'

/** A trusted project and its vault, locked. */
export async function realProject(scratch: Scratch, config = SESSION_CONFIG): Promise<void> {
  await makeVault(scratch, { TOKEN: 'value' })
  await makeProject(scratch, config)
}

export async function unlockedProject(scratch: Scratch, config?: string): Promise<void> {
  await realProject(scratch, config)
  await must(scratch, ['pull'], { passphrase: PASSPHRASE })
}

export function pidsOf(scratch: Scratch, command: string): number[] {
  return scratch.processes().flatMap((one) => (one.command === command ? [one.pid] : []))
}

export function runs(scratch: Scratch, command: string): boolean {
  return pidsOf(scratch, command).length > 0
}

/** Types a command that runs in the background with secrets. It is counted before it has been given all of them. */
export async function startBeside(scratch: Scratch, shell: Terminal): Promise<void> {
  shell.line(`'${tazpodBinary()}' exec -- sleep 1000 &`)
  await footerShows(shell, '1 running')
  expect(await until(() => runs(scratch, 'sleep 1000'))).toBe(true)
}

/** Starts `cat -v`, which shows keys. Before it is there they would be for the shell. */
export async function startCat(scratch: Scratch, shell: Terminal): Promise<void> {
  shell.line('cat -v')
  expect(await until(() => runs(scratch, 'cat -v'))).toBe(true)
}

export async function leave(shell: Terminal): Promise<void> {
  shell.line('exit 0')
  expect(await shell.exit()).toMatchObject({ exitCode: 0 })
}
