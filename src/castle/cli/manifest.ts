import { printable, styled } from '../../cli/output.ts'
import type { EsoChecked } from '../app/check-eso.ts'

/** What was found in the manifests of one file, for people. */
export function manifestLines({ file, manifests }: EsoChecked['files'][number]): string[] {
  return manifests.flatMap(({ kind, name, line, problems }) =>
    problems.length === 0
      ? [`${printable(file)}:${line}: ${printable(kind)} ${printable(name)}: ${styled('green', 'fits')}`]
      : problems.flatMap((one) => [
          `${printable(file)}:${one.line}:${one.column}: ${styled('red', 'error')}: ${printable(one.path === '' ? kind : one.path)}: ${printable(one.message)}`,
          `    ${printable(one.help)}`,
        ]),
  )
}
