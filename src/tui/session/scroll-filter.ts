import { type Csi, kindOf, parameter } from './csi.ts'
import { SAVE_CURSOR_MODE, SCREEN_MODES } from './modes.ts'

/** What a sequence becomes while the program writes straight to the terminal, and what it means for the footer. */
export interface Passed {
  /** Replaces the sequence; absent: it goes through as it is. */
  write?: string
  /** The footer is drawn again behind it: the sequence erases what is below, or resets the scroll region. */
  repin?: 'footer' | 'region'
  /** The footer is erased before it: a terminal keeps what it clears in its scrollback, where no footer belongs. */
  eraseFirst?: true
  /** Goes to the alternate screen. */
  enter?: true
  /** The program uses the terminal's one place for a saved cursor, which the footer uses as well. */
  savesCursor?: true
  /** Answered here: the terminal would tell of a row that is not the program's. */
  reply?: string
  /** Characters are inserted, or rows count from the scroll region, while this is on: no footer is drawn then. */
  holds?: { mode: 'insert' | 'origin'; on: boolean }
  /** Bottom of the scroll region that the program wants; its own whole screen otherwise. */
  region?: { top: number; bottom: number }
}

const PASS: Passed = {}

/** `rows` and `cols` are those of the program, one row less than the terminal's. */
export function filterEscape(sequence: string): Passed {
  switch (sequence) {
    case '\x1bc': // RIS
    case '\x1b#8': // DECALN fills every row
      return { repin: 'region' }
    case '\x1b7':
    case '\x1b8':
      return { savesCursor: true }
    default:
      return PASS
  }
}

export function filterCsi(csi: Csi, rows: number, cols: number): Passed {
  switch (kindOf(csi)) {
    case 'r':
      return scrollRegion(csi, rows)
    case '!p': // DECSTR
      return { repin: 'region' }
    case 'J':
    case '?J':
      return erase(csi)
    case 'H':
    case 'f':
      if (parameter(csi, 0, 1) <= rows) return PASS
      return { write: `\x1b[${rows};${parameter(csi, 1, 1)}${csi.final}` }
    case 'd':
      return parameter(csi, 0, 1) <= rows ? PASS : { write: `\x1b[${rows}d` }
    case 'e': // VPR goes past the scroll region, CUD does not
      return { write: `\x1b[${parameter(csi, 0, 1)}B` }
    case 's':
    case 'u':
      return csi.parameters === '' ? { savesCursor: true } : PASS
    case 't':
      return parameter(csi, 0, 0) === 18 ? { write: '', reply: `\x1b[8;${rows};${cols}t` } : PASS
    case '?h':
    case '?l':
      return privateModes(csi)
    case 'h':
    case 'l':
      return csi.parameters === '4' ? { holds: { mode: 'insert', on: csi.final === 'h' } } : PASS
    default:
      return PASS
  }
}

/** DECSTBM: never over the footer. It moves the cursor home, as the program expects. */
function scrollRegion(csi: Csi, rows: number): Passed {
  const top = Math.min(parameter(csi, 0, 1), rows)
  const bottom = Math.min(parameter(csi, 1, rows), rows)
  if (bottom <= top) return { write: '' } // a terminal ignores such a region
  return { write: `\x1b[${top};${bottom}r`, region: { top, bottom } }
}

function erase(csi: Csi): Passed {
  switch (parameter(csi, 0, 0)) {
    case 0:
    case 2:
      return { eraseFirst: true, repin: 'footer' }
    default:
      return PASS // 1 ends at the cursor, 3 is the scrollback
  }
}

function privateModes(csi: Csi): Passed {
  const modes = csi.parameters.split(';').map(Number)
  if (modes.some((mode) => SCREEN_MODES.has(mode))) return csi.final === 'h' ? { enter: true } : PASS
  if (modes.includes(SAVE_CURSOR_MODE)) return { savesCursor: true }
  if (modes.includes(3)) return { repin: 'region' } // DECCOLM clears the screen and resets the region
  return modes.includes(6) ? { holds: { mode: 'origin', on: csi.final === 'h' } } : PASS
}
