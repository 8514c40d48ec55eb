import type { Tone } from './theme.ts'

/** What the line above the footer says. */
export interface Message {
  text: string
  tone: Tone
}
