import type { TrustView } from '../app/project/trust.ts'
import type { GrantRow } from '../core/grant/grants.ts'
import { printable, shorten, styled } from './output.ts'
import { paragraph, table } from './table.ts'
import { commandCell, whereWords } from './words.ts'

/** The lines that a person reads before they trust a project file. Names of the file never reach the terminal raw. */
export function trustLines(view: TrustView): string[] {
  const file = printable(shorten(view.file, 60))
  const title = { new: 'is new', changed: 'has changed', trusted: 'is trusted' }[view.state]
  return [
    styled('bold', `${file} ${title}. It grants:`),
    ...grantLines(view.grants),
    ...view.settings.flatMap((line) => wrapped(`  ${printable(line)}`)),
    ...view.warnings.flatMap((line) => wrapped(`! ${printable(line)}`).map((one) => styled('red', one))),
    ...changes(view),
  ]
}

/** Which command gets what, as what. */
export function grantLines(grants: readonly GrantRow[]): string[] {
  if (grants.length === 0) return ['  nothing: no secret is named']
  const alone = grants.every(({ command }) => command === '*')
  return table(
    ['command', 'gets', 'as', 'where'],
    grants.map((row) => [commandCell(row.command, alone), row.what.join(', '), row.as, whereWords(row)]),
  )
}

function changes({ state, added, removed }: TrustView): string[] {
  if (state !== 'changed') return []
  if (added.length + removed.length === 0)
    return ['Against what was trusted last, no command gets more or less.']
  return [
    styled('bold', 'Against what was trusted last:'),
    ...added.flatMap((line) => wrapped(`  + ${printable(line)}`).map((one) => styled('green', one))),
    ...removed.flatMap((line) => wrapped(`  - ${printable(line)}`).map((one) => styled('red', one))),
  ]
}

function wrapped(line: string): string[] {
  return paragraph(line, '    ')
}
