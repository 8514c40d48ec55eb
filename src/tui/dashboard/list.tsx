import { padTo } from '../../cli/width.ts'
import { Block, Line, Piece } from './bits.tsx'
import { type Column, listRows, visible } from './columns.ts'
import type { Tone } from './theme.ts'

interface ListProps {
  columns: readonly Column[]
  rows: readonly (readonly string[])[]
  /** Tone of a row; default: plain. */
  tone?: (index: number) => Tone
  selected: number
  /** Rows of the screen, head included. */
  height: number
  width: number
  /** What stands there instead of no rows. */
  empty: string
}

/** A list with a head and a marked row. The mark is a character as well, for whoever sees no colours. */
export function List({ columns, rows, tone, selected, height, width, empty }: ListProps) {
  const { from, to } = visible(rows.length, height - 1, selected)
  const shown = listRows(columns, rows, width - 2, { from, to })
  return (
    <Block height={height}>
      <Line tone="title">{`  ${shown.head}`}</Line>
      {rows.length === 0 ? <Line>{`  ${empty}`}</Line> : null}
      {shown.rows.map((text, i) => {
        const index = from + i
        const mark = index === selected ? '› ' : '  '
        return (
          <Line key={index} tone={tone?.(index) ?? 'plain'}>
            {index === selected ? (
              <Piece tone="selected">{padTo(`${mark}${text}`, width)}</Piece>
            ) : (
              `${mark}${text}`
            )}
          </Line>
        )
      })}
    </Block>
  )
}
