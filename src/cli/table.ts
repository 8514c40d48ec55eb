import { printable, type Style, styled } from './output.ts'
import { displayWidth, padTo } from './width.ts'

const GAP = 2
/** No column gets narrower. */
const LEAST = 8

interface TableOptions {
  /** Characters in a row; default: 80, or the terminal's width when it is wider. */
  width?: number
  /** Style of a row's first cell. It says in colour what that cell says in words. */
  tone?: (row: number) => Style | undefined
}

/**
 * Lines of an aligned table. Cells are made printable; columns shrink, widest first, until the table fits
 * `width`, and text that does not fit wraps inside its column. Columns of numbers stand on the right.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { width = outputWidth(), tone }: TableOptions = {},
): string[] {
  const cells = rows.map((row) => head.map((_, i) => printable(row[i] ?? '')))
  const widths = head.map((title, i) =>
    Math.max(displayWidth(title), ...cells.map((row) => displayWidth(row[i] ?? ''))),
  )
  shrink(
    widths,
    head.map(() => LEAST),
    width - GAP * (head.length - 1),
  )
  const numbers = head.map((_, i) => cells.length > 0 && cells.every((row) => /^\d*$/.test(row[i] ?? '')))
  const columns = widths.map((cell, i) => ({ width: cell, right: numbers[i] === true }))
  return [styled('bold', line(head, columns)), ...cells.flatMap((row, i) => wrapped(row, columns, tone?.(i)))]
}

interface Column {
  width: number
  right: boolean
}

/**
 * For lists of which a pipe gets one line for each row: `grep` and `awk` look for a name in one line. A table with
 * lists in its cells stays one for people.
 */
export function wholeRows(): { width?: number } {
  return process.stdout.isTTY ? {} : { width: Number.POSITIVE_INFINITY }
}

/** Width for human output: the terminal's, at least 80; 80 where there is none. */
function outputWidth(): number {
  return Math.max(80, process.stdout.isTTY ? process.stdout.columns || 80 : 80)
}

/** Takes from the widest column that may still shrink until all fit `room`, or none may. */
export function shrink(widths: number[], least: readonly number[], room: number): void {
  for (;;) {
    const total = widths.reduce((sum, w) => sum + w, 0)
    if (total <= room) return
    const slack = widths.map((w, i) => (w > (least[i] ?? 0) ? w : 0))
    const widest = slack.indexOf(Math.max(...slack))
    if ((slack[widest] ?? 0) === 0) return
    widths[widest] = (widths[widest] ?? 0) - 1
  }
}

function wrapped(row: readonly string[], columns: readonly Column[], style?: Style): string[] {
  const parts = row.map((cell, i) => chunks(cell, columns[i]?.width ?? 1))
  const height = Math.max(1, ...parts.map((p) => p.length))
  return Array.from({ length: height }, (_, k) =>
    line(
      parts.map((p) => p[k] ?? ''),
      columns,
      style,
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

function line(cells: readonly string[], columns: readonly Column[], style?: Style): string {
  const [first = '', ...rest] = cells.map((cell, i) => {
    const { width = 0, right = false } = columns[i] ?? {}
    return right ? ' '.repeat(Math.max(0, width - displayWidth(cell))) + cell : padTo(cell, width)
  })
  const gap = ' '.repeat(GAP)
  const text = [first, ...rest].join(gap).trimEnd()
  return style === undefined || first.trim() === ''
    ? text
    : styled(style, first.trimEnd()) + text.slice(first.trimEnd().length)
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
