import type { GhostStatus } from '../app/dashboard/overview.ts'
import type { SecretGrant, SecretRow } from '../app/session/secrets.ts'
import type { GrantRow } from '../core/grant/grants.ts'
import { presetFor } from '../core/grant/presets.ts'
import { relative } from '../core/text/time.ts'
import { printable } from './output.ts'

/** `1 secret`, `3 secrets`. */
export function count(n: number, word: string): string {
  return `${n} ${word}${n === 1 ? '' : 's'}`
}

/** What a running command holds, by name. */
export function heldWords(secrets: readonly string[]): string {
  return secrets.map(printable).join(', ') || 'no secret'
}

/** A symbol never stands alone: without its colour, or read aloud, the word says the same. */
export const STATE = {
  unlocked: { mark: '●', word: 'unlocked', colour: 'green' },
  locked: { mark: '○', word: 'locked', colour: 'yellow' },
  unknown: { mark: '?', word: 'unknown', colour: 'red' },
} as const

/** Who can look into a running command, said as it is (SECURITY.md). */
export function isolationWords(isolation: GhostStatus['isolation']): string {
  if (!isolation) return 'nothing is unlocked'
  const { mode, backing, memory } = isolation
  const who =
    {
      rootless: 'rootless: your other programs can read what a running command holds',
      sealed: 'sealed: your other programs are kept out of a running command; root is not',
      root: 'root: every program of root can read what a running command holds',
    }[mode] ?? mode
  const swapped = backing === 'tmpfs' ? 'tmpfs (could be swapped out)' : backing
  return `${who}; ${swapped}, ${memory}`
}

/** How the last fetch from the provider went. Undefined where nothing is told of one. */
export function refreshWords(
  refresh: GhostStatus['refresh'],
  now = Date.now(),
): { text: string; failing: boolean } | undefined {
  if (!refresh) return undefined
  const { state, at, last } = refresh
  const when = (time: string) => relative(Date.parse(time), now)
  const next = at === null ? 'not again before the next pull' : `again ${when(at)}`
  if (state === 'failed')
    return { text: `the last fetch failed${last === null ? '' : ` ${when(last)}`}, ${next}`, failing: true }
  return { text: at === null ? 'fetched once' : `fetched anew ${when(at)}`, failing: false }
}

/** How one command gets a secret: `as the file KUBE/config, path in $KUBECONFIG`. */
export function deliveryWords(grant: SecretGrant): string {
  const where = printable(grant.where)
  if (grant.as === 'value') return `as the value of $${where}`
  if (grant.as === 'bind') return `inside the file ${where}`
  const paths = grant.variables.length > 0 ? `, path in $${grant.variables.join(', $')}` : ''
  return `as the file ${where}${paths}`
}

/** `*` in words; `alone`: there is no other command beside it. */
export function commandWords(command: string, alone = false): string {
  if (command !== '*') return printable(command)
  return alone ? 'every command' : 'every other command'
}

/** Where a table shows how a secret is handed over: the same for a grant of trust, pull and secrets. */
export function whereWords({ as, where, variables }: Pick<GrantRow, 'as' | 'where' | 'variables'>): string {
  if (as === 'value') return `$${where} holds the value`
  const paths = as === 'file' && variables.length > 0 ? ` ($${variables.join(', $')})` : ''
  return `${where}${paths}`
}

/** `*` in a narrow column. */
export function commandCell(command: string, alone = false): string {
  if (command !== '*') return command
  return alone ? 'every one' : 'every other'
}

/** Whether `*` is the only command that anything is granted to. */
export function onlyEverybody(secrets: readonly SecretRow[]): boolean {
  return secrets.every(({ grants }) => grants.every(({ command }) => command === '*'))
}

/**
 * How a secret gets into tazpod.yaml, so that commands get it. A name that says which tool it is for gets the line of
 * that tool: kubectl reads `KUBECONFIG`, and would never look at a `KUBECONFIG_CONTENT_FILE`.
 */
export function namingLines(name: string): string[] {
  const shown = printable(name)
  const preset = presetFor(name)
  const how = preset === undefined ? `env: ${shown}_FILE` : `preset: ${preset}`
  return ['  next: add to tazpod.yaml, under secrets:', `  - { name: ${shown}, ${how} }`]
}
