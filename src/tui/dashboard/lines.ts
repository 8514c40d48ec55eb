import { stripVTControlCharacters } from 'node:util'
import { printable } from '../../cli/output.ts'
import { clip } from '../../cli/width.ts'
import type { Failure } from '../../core/failure/failure.ts'
import { failureText } from '../../core/failure/words.ts'

/** The words of a command's output, for a place that has its own colours. */
export function plainLines(lines: readonly string[]): string[] {
  return lines.flatMap((line) => stripVTControlCharacters(line).split('\n'))
}

/** Lines broken to `width`, the further ones indented; leading blanks are kept. */
export function brokenLines(lines: readonly string[], width: number): string[] {
  return lines.flatMap((line) => {
    const out: string[] = []
    let rest = line
    while (rest.length > width) {
      const space = rest.lastIndexOf(' ', width)
      const at = space > width / 2 ? space : width
      out.push(rest.slice(0, at))
      rest = `  ${rest.slice(at).trimStart()}`
    }
    return [...out, clip(rest, width)]
  })
}

/** A failure as one line: what happened, then what to do. */
export function inOneLine(failure: Failure): string {
  const { message, next } = failureText(failure)
  const what = message.split('\n').map(printable).join('; ')
  return next === undefined ? what : `${what} (next: ${printable(next)})`
}
