/** A piece of a text, by its offsets (UTF-16 units, `end` exclusive), and what stands there afterwards. */
export interface TextEdit {
  start: number
  end: number
  text: string
}

/** A text after edits that come from the last to the first; one that reaches into another is left out. */
export function withEdits(text: string, edits: readonly TextEdit[]): { text: string; done: number } {
  let next = text
  let before = Number.POSITIVE_INFINITY
  let done = 0
  for (const edit of edits) {
    if (edit.end > before) continue
    next = next.slice(0, edit.start) + edit.text + next.slice(edit.end)
    before = edit.start
    done++
  }
  return { text: next, done }
}

/** Blocks behind what a file holds, with one empty line between. */
export function withAppended(before: string, more: string): string {
  const gap = before === '' ? '' : before.endsWith('\n') ? '\n' : '\n\n'
  return `${before}${gap}${more}`
}
