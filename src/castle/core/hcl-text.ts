/** Text as a quoted string of HCL: what Terraform reads from it is exactly the text (in Unicode form NFC). */
export function hclString(text: string): string {
  const escaped = text
    .normalize('NFC')
    .replace(/["\\]/g, '\\$&')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replace(/[\p{Cc}\u2028\u2029]/gu, (c) => `\\u${(c.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`)
    .replace(/[$%](?=\{)/g, '$&$&')
  return `"${escaped}"`
}

const SHORT: Record<string, string> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' }

/** The text that the inside of a quoted string stands for. Unknown escapes stay as they are. */
export function unescapeHcl(inside: string): string {
  return inside.replace(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|([$%])\4(?=\{)/gs,
    (whole, short: string | undefined, long: string | undefined, char: string | undefined, mark: string) => {
      if (mark !== undefined) return mark
      const code = short ?? long
      if (code === undefined) return SHORT[char ?? ''] ?? whole
      const point = Number.parseInt(code, 16)
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole
    },
  )
}

/** One line of an object or a body: `key = value`. Lines in a row have their `=` in one column, as `fmt` does. */
export type HclLine = readonly [key: string, value: string]

/** `key = value` lines as `terraform fmt` would leave them. A value of several lines ends a group of aligned ones. */
export function alignedLines(lines: readonly HclLine[], indent = ''): string[] {
  const out: string[] = []
  let group: HclLine[] = []
  const flush = () => {
    const width = Math.max(0, ...group.map(([key]) => displayWidth(key)))
    for (const [key, value] of group)
      out.push(`${indent}${key}${' '.repeat(width - displayWidth(key))} = ${value}`)
    group = []
  }
  for (const line of lines) {
    if (line[1].includes('\n')) {
      flush()
      out.push(`${indent}${line[0]} = ${line[1]}`)
    } else group.push(line)
  }
  flush()
  return out
}

function displayWidth(text: string): number {
  return [...text].length
}
