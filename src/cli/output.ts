import { styleText } from 'node:util'

/** Writes to stdout. A closed pipe is not an error (`tazpod log | head`): see `run.ts`. */
export function writeOut(text: string | Buffer): void {
  process.stdout.write(text)
}

/** Whether this stream shows colours: a terminal, not TERM=dumb, no NO_COLOR (https://no-color.org). */
export function wantsColour(stream: { isTTY?: boolean }): boolean {
  return stream.isTTY === true && process.env.TERM !== 'dumb' && !process.env.NO_COLOR
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** `text` in a style where the stream shows styles, otherwise unchanged. */
export function styled(style: Style, text: string, stream: { isTTY?: boolean } = process.stdout): string {
  return wantsColour(stream) ? styleText(style, text, { validateStream: false }) : text
}

/**
 * Makes text from files and names safe to show: control characters (terminal escape sequences among them) and
 * the bidirectional marks that reorder what a person reads become visible escapes. Keeps newlines out as well.
 */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu, (char) => {
    const code = char.codePointAt(0) ?? 0
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`
  })
}

/** Shortens to `max` characters with an ellipsis in the middle: the end of a path says more than its start. */
export function shorten(text: string, max: number): string {
  if (text.length <= max) return text
  const head = Math.floor((max - 1) / 3)
  return `${text.slice(0, head)}…${text.slice(text.length - (max - 1 - head))}`
}

export { shellQuoted } from '../core/text/shell-word.ts'
