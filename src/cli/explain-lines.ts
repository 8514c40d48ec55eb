import type { ExplainRow, Explanation } from '../core/grant/explain.ts'
import { printable, styled } from './output.ts'
import { paragraph } from './table.ts'
import { count } from './words.ts'

/** The words of `exec --explain`: one block for each secret. */
export function explainLines(explanation: Explanation & { locked: boolean }): string[] {
  const { command, plan, rows, missing, env, umask, notes, locked } = explanation
  const by = plan === null ? '' : plan === '*' ? ' (as every command that is not listed)' : ''
  return [
    styled(
      'bold',
      `${printable(command)} gets ${rows.length === 0 ? 'no secret' : count(rows.length, 'secret')}${by}`,
    ),
    ...rows.flatMap(block),
    ...env.map((e) => `$${e.name} = ${printable(e.value)}${e.onlyIfUnset ? ' (unless it is set)' : ''}`),
    ...(umask === null ? [] : [`umask ${umask}`]),
    ...missing.map((name) =>
      styled('red', `missing: ${printable(name)}; nothing is started (tazpod pull says how to store it)`),
    ),
    ...(locked ? ['locked: whether each of them exists shows after tazpod pull'] : []),
    ...notes.flatMap((note) => paragraph(`note: ${note}`, '  ')),
  ]
}

function block({ secret, source, delivery, where, variables, lifetime, readableBy }: ExplainRow): string[] {
  const paths = variables.length > 0 ? ` (path in $${variables.join(', $')})` : ''
  const how = {
    file: `file ${where}${paths}`,
    value: `value of $${where}`,
    bind: `inside the file ${where}`,
  }[delivery]
  return [
    `${styled('cyan', printable(secret))}  from ${source}`,
    ...paragraph(`  as        ${printable(how)}`, '            '),
    ...paragraph(`  lives     ${lifetime}`, '            '),
    ...paragraph(`  readable  ${readableBy}`, '            '),
  ]
}
