import { printable, styled } from '../../cli/output.ts'
import { table, wholeRows } from '../../cli/table.ts'
import type { SopsReport } from '../app/sops.ts'
import { GIVE_KEYS } from '../core/keys.ts'

/** What a step of the migration did, for people. Names and sizes, never a value. */
export function sopsLines(report: SopsReport): string[] {
  const { step, values, files, rotate, deleted } = report
  const rows = values.map(({ name, file, place, bytes, state }) => [name, file, place, `${bytes}`, state])
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ['', styled('bold', title), ...lines.map((line) => `  ${printable(line)}`)]
  const next = { plan: '--apply', apply: '--verify', verify: '--finish', finish: undefined }[step]
  return [
    `${files.length} SOPS files, ${values.length} encrypted values${report.unread.length === 0 ? '' : `; ${report.unread.length} more can not be read`}`,
    ...(rows.length > 0 ? table(['name', 'file', 'value', 'bytes', 'state'], rows, wholeRows()) : []),
    ...(step === 'plan' ? section('Files, and what wrote them:', files.map(writtenBy)) : []),
    ...section(
      'Not read:',
      report.unread.map(({ path, why }) => `${path} ${why}`),
    ),
    ...section('Names that were taken twice:', report.collisions),
    ...section(step === 'finish' ? 'Changed:' : 'Would be changed:', report.changes),
    ...section(
      'To be changed by hand:',
      report.byHand.map(({ path, line, what }) => `${path}:${line}: ${what}`),
    ),
    ...section('For values: of the bind in tazpod.yaml:', report.binds),
    ...section('Deleted:', deleted),
    ...section(
      'Change these where they are used, because the history of git keeps them:',
      rotate.map(({ name, file }) => `${name} (${file})`),
    ),
    ...(next === undefined
      ? []
      : ['', `next: ${report.unread.length > 0 ? GIVE_KEYS : `tazpod migrate sops ${next}`}`]),
  ]
}

function writtenBy({ path, format, version }: SopsReport['files'][number]): string {
  return `${path} (${format}): SOPS${version === undefined ? '' : ` ${version}`}`
}
