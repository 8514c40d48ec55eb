/** A few lines that say how two texts differ, `-` what is there, `+` what would come; at most `max` lines. */
export function lineDiff(before: string, after: string, max = 20): string[] {
  const a = before.split('\n')
  const b = after.split('\n')
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++
  const out = [
    ...a.slice(start, a.length - end).map((line) => `-${line}`),
    ...b.slice(start, b.length - end).map((line) => `+${line}`),
  ]
  const head = `@@ line ${start + 1} @@`
  return out.length > max ? [head, ...out.slice(0, max), `… ${out.length - max} more`] : [head, ...out]
}

/** Only the lines that differ, where a text was edited in its place; else as `lineDiff`. */
export function changedLines(before: string, after: string, max = 60): string[] {
  const a = before.split('\n')
  const b = after.split('\n')
  if (a.length !== b.length) return lineDiff(before, after, max)
  const pairs = a.flatMap((line, i) => (line === b[i] ? [] : [`-${line}`, `+${b[i]}`]))
  return pairs.length > max ? [...pairs.slice(0, max), `… ${pairs.length - max} more`] : pairs
}
