import type { Guided } from '../app/setup/guide.ts'
import type { Guidance } from '../app/setup/next-step.ts'
import { failureText } from './failures.ts'
import { printable, shorten, styled } from './output.ts'

/** Where a person stands, and what comes next. */
export function guideLines({ project, vault, state, problem, next, why }: Guidance): string[] {
  return [
    `project  ${project === null ? 'none here (compartment default)' : printable(shorten(project, 60))}`,
    `vault    ${vault}`,
    `state    ${state}`,
    '',
    ...(problem ? [printable(failureText(problem).message.split('\n')[0] ?? ''), ''] : []),
    `next: ${styled('bold', next)}   ${why}`,
    'all commands: tazpod --help',
  ]
}

/** The last words of the guide. */
export function guideEnd(end: Guided['end'], done: Guided['done']): string[] {
  if (end === 'shell') return []
  if (end === 'left') {
    const kept = done.length === 0 ? 'nothing was changed' : 'what was done so far stays'
    return [`left; ${kept}. ${styled('bold', 'tazpod', process.stderr)} goes on from here`]
  }
  const command = (text: string) => styled('bold', text, process.stderr)
  return [
    `next: ${command('tazpod exec -- COMMAND')}   runs a command with what it is granted`,
    `      ${command('tazpod dashboard')}         shows and steers all of it`,
    `      ${command('tazpod vault set NAME')}    keeps one more secret`,
  ]
}
