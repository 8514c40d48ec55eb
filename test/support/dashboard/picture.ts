import type { Piece } from '../terminal.ts'

const CELL = { width: 8.4, height: 18 }
const MARGIN = 14

/** The usual palette, once for dark and once for light pages. */
const STYLE = `
  text { font: 14px ui-monospace, Menlo, Consolas, monospace; white-space: pre; fill: #24292f }
  .page { fill: #ffffff } .bold { font-weight: bold } .mark { fill: #24292f } .inverse { fill: #ffffff }
  .c1 { fill: #cf222e } .c2 { fill: #116329 } .c3 { fill: #7d4e00 } .c6 { fill: #1b7c83 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .page { fill: #0d1117 } .mark { fill: #e6edf3 } .inverse { fill: #0d1117 }
    .c1 { fill: #ff7b72 } .c2 { fill: #3fb950 } .c3 { fill: #d29922 } .c6 { fill: #39c5cf }
  }`

/** A terminal's screen as an SVG that follows the reader's light or dark page. */
export function svgOf(rows: readonly (readonly Piece[])[], columns: number, title: string): string {
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN)
  const height = rows.length * CELL.height + 2 * MARGIN
  const body = rows.flatMap((row, y) => row.flatMap((piece) => pieceOf(piece, y)))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="page" width="${width}" height="${height}" rx="8"/>`,
    ...body,
    '</svg>',
    '',
  ].join('\n')
}

function pieceOf({ column, text, style }: Piece, y: number): string[] {
  const top = MARGIN + y * CELL.height
  const box = (from: number, cells: number) => ({
    x: number(MARGIN + from * CELL.width),
    width: number(cells * CELL.width),
  })
  const drawn: string[] = []
  if (style.includes('inverse')) {
    const { x, width } = box(column, [...text].length)
    drawn.push(`<rect class="mark" x="${x}" y="${top}" width="${width}" height="${CELL.height}"/>`)
  }
  const words = text.trim()
  if (words === '') return drawn
  const { x, width } = box(column + text.indexOf(words), [...words].length)
  const classes = style.length > 0 ? ` class="${style.join(' ')}"` : ''
  const fitted = `textLength="${width}" lengthAdjust="spacingAndGlyphs"`
  return [...drawn, `<text${classes} x="${x}" y="${top + 13}" ${fitted}>${escaped(words)}</text>`]
}

function number(value: number): string {
  return String(Math.round(value * 10) / 10)
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
