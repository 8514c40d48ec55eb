import { printable, styled } from '../../cli/output.ts'
import type { Linted } from '../app/lint.ts'

/** The findings for people: place, words, what to do; in the form that editors jump to. */
export function lintLines({ findings, files, fixed }: Linted): string[] {
  const marks = {
    error: styled('red', 'error'),
    warning: styled('yellow', 'warning'),
    note: styled('dim', 'note'),
  }
  const lines = findings.flatMap((one) => [
    `${printable(one.file)}:${one.line}:${one.column}: ${marks[one.severity]}: ${printable(one.message)} ${styled('dim', `[${one.rule}]`)}`,
    `    ${printable(one.help)}${one.fix ? styled('dim', ' (--fix does it)') : ''}`,
  ])
  const count = (severity: string) => findings.filter((one) => one.severity === severity).length
  const sum = `${files} files: ${count('error')} errors, ${count('warning')} warnings, ${count('note')} notes`
  return [...lines, fixed > 0 ? `${sum}; ${fixed} fixed` : sum]
}
