import type { TextProps } from 'ink'

/** What a piece of text is, not how it looks. */
export type Tone = 'plain' | 'title' | 'accent' | 'good' | 'warn' | 'bad' | 'selected'

type Look = Pick<TextProps, 'color' | 'bold' | 'inverse'>

/**
 * Only colours of the terminal's own palette, and none of black, white and grey: a person has chosen them to be read
 * on their background, light or dark. Without colour the same things are bold or reversed, and always in words.
 */
const WITH_COLOUR: Record<Tone, Look> = {
  plain: {},
  title: { bold: true },
  accent: { color: 'cyan' },
  good: { color: 'green', bold: true },
  warn: { color: 'yellow', bold: true },
  bad: { color: 'red', bold: true },
  selected: { inverse: true },
}

export type Theme = Readonly<Record<Tone, Look>>

/** `colour` is false with NO_COLOR, which is about colours and leaves bold and reversed text alone. */
export function theme(colour: boolean): Theme {
  if (colour) return WITH_COLOUR
  const plain = Object.entries(WITH_COLOUR).map(([tone, { color: _, ...look }]) => [tone, look])
  return Object.fromEntries(plain) as Theme
}
