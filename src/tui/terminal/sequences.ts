/** What switches a terminal's modes. Every `On` has an `Off`, and every way out of the dashboard sends the `Off`s. */
const ESC = '\x1b'

/** Press, release and wheel, in SGR form (readable beyond column 223). No movement: nothing here needs it. */
export const MOUSE_ON = `${ESC}[?1000h${ESC}[?1006h`
export const MOUSE_OFF = `${ESC}[?1006l${ESC}[?1000l`
export const ALTERNATE_ON = `${ESC}[?1049h`
export const ALTERNATE_OFF = `${ESC}[?1049l`
export const CURSOR_ON = `${ESC}[?25h`
export const CURSOR_OFF = `${ESC}[?25l`
/** Top left, and everything below erased. Not `2J`: some terminals push the screen into the scrollback for it. */
export const CLEAR = `${ESC}[H${ESC}[J`
/** To a row (from 1), which is erased. */
export const row = (number: number): string => `${ESC}[${number};1H${ESC}[K`

/** Clipboard by OSC 52. An empty content clears it where that is known; elsewhere one blank replaces what was there. */
export const CLIPBOARD_START = `${ESC}]52;c;`
export const CLIPBOARD_END = '\x07'
export const CLIPBOARD_CLEAR = `${CLIPBOARD_START}IA==${CLIPBOARD_END}${CLIPBOARD_START}${CLIPBOARD_END}`
