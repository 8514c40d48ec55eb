interface IniSection {
  name: string
  entries: [key: string, value: string][]
}

/** What a value, or a name, can stand in; a value in one of the first two may go over several lines. */
const QUOTES = ['"""', '`', '"', "'"] as const
const LONG = ['"""', '`']

/**
 * The sections of an INI file as SOPS writes it (the Go library ini.v1; its `parser.go`, `readValue`). Values over
 * several lines stand in `"""` (SOPS 3.13; earlier ones wrote one line with \n). What stands before the first section is
 * DEFAULT. Text: why it can't be read, completing "FILE …".
 */
export function iniSections(text: string): IniSection[] | string {
  const sections: IniSection[] = [{ name: 'DEFAULT', entries: [] }]
  const lines = text.split('\n')
  for (let i = 0; i < lines.length; i++) {
    const line = (lines[i] ?? '').trim()
    if (line === '' || line.startsWith(';') || line.startsWith('#')) continue
    const head = /^\[(.+)\]$/.exec(line)
    if (head) {
      sections.push({ name: head[1] ?? '', entries: [] })
      continue
    }
    const [key, rest] = split((lines[i] ?? '').trimStart())
    if (key === undefined || rest === undefined) return 'has a line that is no name = value'
    const long = LONG.find((quote) => rest.startsWith(quote) && !rest.slice(quote.length).includes(quote))
    let value = rest.trimEnd()
    if (long !== undefined) {
      const end = lines.findIndex((other, at) => at > i && other.includes(long))
      if (end < 0) return `has a value in ${long} without an end`
      const last = lines[end] ?? ''
      const parts = [
        rest.slice(long.length),
        ...lines.slice(i + 1, end),
        last.slice(0, last.lastIndexOf(long)),
      ]
      value = parts.join('\n')
      i = end
    } else value = unquoted(value)
    sections.at(-1)?.entries.push([key, value])
  }
  return sections
}

/** A line into its name and the rest behind `=` or `:`. */
function split(line: string): [key: string | undefined, rest?: string] {
  const quote = QUOTES.slice(0, 3).find((one) => line.startsWith(one))
  const start = quote === undefined ? 0 : line.indexOf(quote, quote.length)
  if (start < 0) return [undefined]
  const at = line.slice(start).search(/[=:]/)
  if (at < 0) return [undefined]
  const key = line.slice(0, start + at).trim()
  return [unquoted(key), line.slice(start + at + 1).trimStart()]
}

function unquoted(value: string): string {
  const quote = QUOTES.find(
    (one) => value.length >= 2 * one.length && value.startsWith(one) && value.endsWith(one),
  )
  return quote === undefined ? value : value.slice(quote.length, -quote.length)
}
