import { shrink } from '../../cli/table.ts'
import { clip, displayWidth, padTo } from '../../cli/width.ts'

export interface Column {
  title: string
  /** Fewest cells it is useful with. */
  least: number
  /** Left out first where there is no room; those without stay. */
  spare?: boolean
}

const GAP = '  '

/**
 * Rows of a list, each one line of at most `width` cells. Columns get the room that their content needs; where that is
 * too much, spare ones go, then the widest shrink. The last column takes what is left. All rows count for the widths;
 * only those from `from` to `to` (exclusive) are made: of a thousand, a screen shows twenty.
 */
export function listRows(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  { from, to }: { from: number; to: number } = { from: 0, to: rows.length },
): { head: string; rows: string[] } {
  const natural = columns.map((column, i) =>
    Math.max(displayWidth(column.title), ...rows.map((row) => displayWidth(row[i] ?? ''))),
  )
  const shown = fitting(columns, natural, width)
  const widths = shown.map((i) => natural[i] ?? 0)
  shrink(
    widths,
    shown.map((i) => columns[i]?.least ?? 0),
    width - GAP.length * (shown.length - 1),
  )
  const line = (cells: readonly string[]) =>
    shown
      .map((i, at) => padTo(clip(cells[i] ?? '', widths[at] ?? 0), widths[at] ?? 0))
      .join(GAP)
      .trimEnd()
  return { head: line(columns.map((column) => column.title)), rows: rows.slice(from, to).map(line) }
}

function fitting(columns: readonly Column[], natural: readonly number[], width: number): number[] {
  const all = columns.map((_, i) => i)
  const needed = all.reduce((sum, i) => sum + (natural[i] ?? 0), GAP.length * (all.length - 1))
  return needed <= width ? all : all.filter((i) => columns[i]?.spare !== true)
}

/** The part of a list of `count` rows that shows in `height` lines, with `at` among them. */
export function visible(count: number, height: number, at: number): { from: number; to: number } {
  const from = Math.max(0, Math.min(at - Math.floor(height / 2), count - height))
  return { from, to: Math.min(count, from + Math.max(0, height)) }
}
