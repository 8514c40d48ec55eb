import type { Pulled } from '../app/session/pulled.ts'
import { setCommand } from '../core/provider/registry.ts'
import { formatDuration } from '../core/text/duration.ts'
import { relative, when } from '../core/text/time.ts'
import { printable, shorten, styled } from './output.ts'
import { grantLines } from './trust-lines.ts'
import { count, namingLines } from './words.ts'

/** What a person sees after a pull: which command gets what, and until when. */
export function pullLines(pulled: Pulled): string[] {
  const place = pulled.project === null ? 'the compartment default' : printable(shorten(pulled.project, 50))
  return [
    `${styled('green', 'unlocked')}: ${place}, ${count(pulled.secrets, 'secret')} from ${sourceOf(pulled)}`,
    ...granted(pulled),
    until(pulled),
  ]
}

/** Secrets that the project names and nobody has: what to type for each. */
export function missingLines(pulled: Pulled): string[] {
  return pulled.missing.flatMap((name) => [
    `tazpod: ${printable(name)} is missing: commands that need it will not start`,
    `  next: ${setCommand(pulled.provider, printable(name))}`,
  ])
}

/** A remark of the provider, on stderr. */
export function noteLine(text: string): string {
  return `tazpod: ${printable(text)}`
}

/** Said in the first line: old values that look like new ones would be the worst of both. */
function sourceOf({ provider, copyOf }: Pulled): string {
  if (copyOf === null) return provider
  return styled('yellow', `the copy of ${when(Date.parse(copyOf))}, not from ${provider}`)
}

function granted({ project, grants, choice }: Pulled): string[] {
  if (project === null) return ['every command gets every secret, as files ($TAZPOD_GHOST/NAME/NAME)']
  if (choice === null) return grantLines(grants)
  return ['no command gets a secret: tazpod.yaml names none yet', ...namingLines(choice[0] ?? 'NAME')]
}

function until({ expiresAt, idle }: Pulled): string {
  const end = expiresAt === null ? 'until tazpod lock' : `locks ${relative(Date.parse(expiresAt))}`
  return idle === null ? end : `${end}, or after ${formatDuration(idle)} without a command`
}
