/** Characters that a terminal draws two cells wide: East Asian wide and fullwidth ones, and emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u
/** Characters that take no cell of their own: combining marks, joiners, variation selectors. */
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]$/u
/** One cell each: no table of Unicode is needed. */
const ASCII = /^[\x20-\x7e]*$/

/** How many cells of a terminal `text` (printable, one line) takes. */
export function displayWidth(text: string): number {
  if (ASCII.test(text)) return text.length
  return graphemes(text).reduce((cells, grapheme) => cells + cellsOf(grapheme), 0)
}

/** The start of `text` that fits `cells`, with an ellipsis where something was cut off. */
export function clip(text: string, cells: number): string {
  if (displayWidth(text) <= cells) return text
  if (cells <= 0) return ''
  if (ASCII.test(text)) return `${text.slice(0, cells - 1)}…`
  let out = ''
  let used = 0
  for (const grapheme of graphemes(text)) {
    used += cellsOf(grapheme)
    if (used > cells - 1) break
    out += grapheme
  }
  return `${out}…`
}

/** `text` with blanks behind it up to `cells`. */
export function padTo(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - displayWidth(text)))
}

/** What a person sees as one character each. Made on first need: it loads Unicode's tables. */
function graphemes(text: string): string[] {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

let segmenter: Intl.Segmenter | undefined

function cellsOf(grapheme: string): number {
  if (WIDE.test(grapheme) || grapheme.includes('\ufe0f')) return 2
  return ZERO.test(grapheme) ? 0 : 1
}
