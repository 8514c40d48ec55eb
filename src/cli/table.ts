import { printable, styled } from './output.ts'

const GAP = 2

/**
 * Lines of an aligned table. Cells are made printable; columns shrink, widest first, until the table fits
 * `width` (80 characters, or the terminal when it is wider), and text that does not fit wraps inside its column.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  width = outputWidth(),
): string[] {
  const cells = rows.map((row) => head.map((_, i) => printable(row[i] ?? '')))
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)))
  shrink(widths, width - GAP * (head.length - 1))
  const heading = line(head, widths)
  return [styled('bold', heading), ...cells.flatMap((row) => wrapped(row, widths))]
}

/** Width for human output: the terminal's, at least 80; 80 where there is none. */
export function outputWidth(): number {
  return Math.max(80, process.stdout.isTTY ? process.stdout.columns || 80 : 80)
}

function shrink(widths: number[], room: number): void {
  const total = () => widths.reduce((sum, w) => sum + w, 0)
  while (total() > room) {
    const widest = widths.indexOf(Math.max(...widths))
    if ((widths[widest] ?? 0) <= 8) return
    widths[widest] = (widths[widest] ?? 0) - 1
  }
}

function wrapped(row: readonly string[], widths: readonly number[]): string[] {
  const parts = row.map((cell, i) => chunks(cell, widths[i] ?? 1))
  const height = Math.max(1, ...parts.map((p) => p.length))
  return Array.from({ length: height }, (_, k) =>
    line(
      parts.map((p) => p[k] ?? ''),
      widths,
    ),
  )
}

/** Breaks after a space, comma or slash where there is one, else anywhere: a path stays complete. */
function chunks(text: string, width: number): string[] {
  const out: string[] = []
  let rest = text
  while (rest.length > width) {
    const at = Math.max(...[' ', ',', '/'].map((mark) => rest.lastIndexOf(mark, width - 1)))
    const cut = at > width / 3 ? at + 1 : width
    out.push(rest.slice(0, cut).trimEnd())
    rest = rest.slice(cut).trimStart()
  }
  if (rest !== '' || out.length === 0) out.push(rest)
  return out
}

function line(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, i) => cell.padEnd(widths[i] ?? 0))
    .join(' '.repeat(GAP))
    .trimEnd()
}

/** One text as lines of at most `width`, the further ones behind `indent`. Words that are too long stay whole. */
export function paragraph(text: string, indent = '', width = outputWidth()): string[] {
  const lines: string[] = []
  let current = ''
  for (const word of text.split(/(?<=\S)\s/)) {
    if (current !== '' && current.length + 1 + word.length > width) {
      lines.push(current)
      current = indent + word.trimStart()
    } else {
      current = current === '' ? word : `${current} ${word}`
    }
  }
  return [...lines, current]
}
