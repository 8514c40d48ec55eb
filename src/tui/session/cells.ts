import type { Cell, Model } from './model.ts'

/** Characters that terminals don't agree about: behind them the cursor is placed anew. */
const UNSURE = /[\u00ad\u2300-\u27bf\u2b00-\u2bff\ue000-\uf8ff]/

/** One row of the model as text with SGR and links, from column 1 on. Blank cells at its end are erased, not written. */
export function rowText(model: Model, row: number): string {
  let text = ''
  let blanks = ''
  let style = ''
  let link = 0
  let unsure = false
  let seen = { fg: -1, bg: -1, ext: -1 }
  model.eachCell(row, (cell, column) => {
    const width = cell.getWidth()
    if (width === 0) return
    const urlId = cell.hasExtendedAttrs() ? cell.extended.urlId : 0
    const ext = cell.hasExtendedAttrs() ? cell.extended.ext : 0
    if (cell.fg !== seen.fg || cell.bg !== seen.bg || ext !== seen.ext) {
      seen = { fg: cell.fg, bg: cell.bg, ext }
      style = sgr(cell, urlId !== 0)
      blanks += style
    }
    if (urlId !== link) {
      link = urlId
      blanks += linkText(model, urlId)
    }
    const chars = cell.getChars()
    if (chars === '' && style === RESET && link === 0) {
      blanks += ' '
      return
    }
    text += blanks + (chars || ' ')
    blanks = ''
    if (chars.length > 1 || UNSURE.test(chars)) {
      unsure = true
      text += `\x1b[${column + width + 1}G`
    }
  })
  const closed = `${text}${link === 0 ? '' : '\x1b]8;;\x1b\\'}\x1b[0m`
  // Only where something is left blank: behind a full row the cursor is still on the last cell, and EL would erase it.
  return `${unsure ? '\x1b[2K' : ''}${closed}${blanks === '' ? '' : '\x1b[K'}`
}

const RESET = '\x1b[0m'

function linkText(model: Model, urlId: number): string {
  const data = urlId === 0 ? undefined : model.link(urlId)
  if (data === undefined) return '\x1b]8;;\x1b\\'
  return `\x1b]8;${data.id === undefined ? '' : `id=${data.id}`};${data.uri}\x1b\\`
}

function sgr(cell: Cell, isLink: boolean): string {
  const codes: (number | string)[] = [0]
  if (cell.isBold()) codes.push(1)
  if (cell.isDim()) codes.push(2)
  if (cell.isItalic()) codes.push(3)
  const underline = cell.getUnderlineStyle()
  if (underline === 1) codes.push(4)
  else if (underline > 1 && !isLink) codes.push(`4:${underline}`)
  else if (underline > 1) codes.push(4)
  if (cell.isBlink()) codes.push(5)
  if (cell.isInverse()) codes.push(7)
  if (cell.isInvisible()) codes.push(8)
  if (cell.isStrikethrough()) codes.push(9)
  if (cell.isOverline()) codes.push(53)
  if (!cell.isFgDefault()) codes.push(colour(cell.getFgColor(), cell.isFgRGB(), 30))
  if (!cell.isBgDefault()) codes.push(colour(cell.getBgColor(), cell.isBgRGB(), 40))
  if (underline > 0 && cell.hasExtendedAttrs() && !cell.isUnderlineColorDefault())
    codes.push(underlineColour(cell.getUnderlineColor(), cell.isUnderlineColorRGB()))
  return `\x1b[${codes.join(';')}m`
}

function colour(value: number, isRgb: boolean, base: number): string | number {
  if (isRgb) return `${base + 8};2;${(value >> 16) & 255};${(value >> 8) & 255};${value & 255}`
  if (value < 8) return base + value
  return value < 16 ? base + 52 + value : `${base + 8};5;${value}`
}

function underlineColour(value: number, isRgb: boolean): string {
  return isRgb ? `58:2::${(value >> 16) & 255}:${(value >> 8) & 255}:${value & 255}` : `58:5:${value}`
}
