import type { IUnicodeVersionProvider } from '@xterm/headless'

/** What a terminal of today shows two columns wide and the model's own table (Unicode 6) does not know: emoji. */
const EMOJI = /^\p{Emoji_Presentation}$/u

/**
 * Widths for the model: its own, with emoji two columns wide. Where a terminal sees it otherwise, the drawing places
 * the cursor anew behind each such character, so that only that character is out of place.
 */
export function withEmoji(
  base: Pick<IUnicodeVersionProvider, 'wcwidth' | 'charProperties'>,
): IUnicodeVersionProvider {
  const wcwidth = (codepoint: number): 0 | 1 | 2 => (isEmoji(codepoint) ? 2 : base.wcwidth(codepoint))
  return {
    version: 'tazpod',
    wcwidth,
    charProperties(codepoint, preceding) {
      // Bit 0: joins the one before; bits 1 and 2: the width (xterm.js, UnicodeService.createPropertyValue).
      return isEmoji(codepoint) ? 2 << 1 : base.charProperties(codepoint, preceding)
    },
  }
}

function isEmoji(codepoint: number): boolean {
  return codepoint >= 0x231a && EMOJI.test(String.fromCodePoint(codepoint))
}
