import { type Csi, kindOf, parameter } from './csi.ts'

/**
 * What programs have switched on the terminal and somebody must switch back when they can't any more: after a crash,
 * and while another program has the terminal for a moment. Private modes (DECSET) by number, with the value that a
 * terminal starts with.
 */
const PRIVATE = new Map<number, boolean>([
  [1, false], // cursor keys send application codes
  [5, false], // reverse video
  [7, true], // autowrap
  [9, false], // mouse: X10
  [12, false], // cursor blinks
  [25, true], // cursor is shown
  [66, false], // keypad sends application codes
  [1000, false], // mouse: buttons
  [1001, false],
  [1002, false], // mouse: drags
  [1003, false], // mouse: every move
  [1004, false], // focus is reported
  [1005, false], // mouse: UTF-8 coordinates
  [1006, false], // mouse: SGR coordinates
  [1007, true], // wheel sends arrow keys in the alternate screen; its own default differs, so it is only noted
  [1015, false],
  [1016, false], // mouse: pixels
  [2004, false], // bracketed paste
  [2031, false], // colour scheme is reported
])
const ONLY_NOTED = 1007

/** Private modes that say which screen shows, not how it behaves. */
export const SCREEN_MODES = new Set([47, 1047, 1049])
export const SAVE_CURSOR_MODE = 1048
export const SYNC_MODE = 2026

/**
 * Whether the real terminal has to know of a private mode in the alternate screen: those that change what it sends or
 * how the cursor looks. Autowrap changes how is drawn, which is the model's.
 */
export function isPassedOn(mode: number): boolean {
  return PRIVATE.has(mode) && mode !== 7
}

export class Modes {
  readonly #changed = new Map<number, boolean>()
  #keyboard: string[] = []
  #otherKeys = ''
  #cursorStyle = ''
  #keypad = false
  /** Goes up with each change, so that a reader knows whether to look again. */
  version = 0

  /** Is this private mode on? */
  has(mode: number): boolean {
    return this.#changed.get(mode) ?? PRIVATE.get(mode) ?? false
  }

  /** Notes what a sequence switches. */
  observe(csi: Csi): void {
    switch (kindOf(csi)) {
      case '?h':
      case '?l':
        for (const mode of csi.parameters.split(';')) this.#private(Number(mode), csi.final === 'h')
        break
      case '>u':
        this.#keyboard = [...this.#keyboard, csi.parameters].slice(-32)
        this.version++
        break
      case '<u':
        this.#keyboard = this.#keyboard.slice(0, -parameter(csi, 0, 1))
        this.version++
        break
      case '>m':
        if (!csi.parameters.startsWith('4')) break
        this.#otherKeys = parameter(csi, 1, 0) === 0 ? '' : csi.parameters
        this.version++
        break
      case ' q':
        this.#cursorStyle = parameter(csi, 0, 0) === 0 ? '' : csi.parameters
        this.version++
        break
      case '!p':
        this.#softReset()
        break
    }
  }

  /** ESC = and ESC >. */
  observeKeypad(application: boolean): void {
    this.#keypad = application
    this.version++
  }

  /** ESC c. */
  reset(): void {
    this.#changed.clear()
    this.#keyboard = []
    this.#otherKeys = ''
    this.#cursorStyle = ''
    this.#keypad = false
    this.version++
  }

  /** Puts the terminal back to how it starts. */
  undo(): string {
    const modes = [...this.#changed].map(([mode, on]) => privateMode(mode, !on))
    const pops = this.#keyboard.length === 0 ? '' : `\x1b[<${this.#keyboard.length}u`
    const keys = this.#otherKeys === '' ? '' : '\x1b[>4m'
    const style = this.#cursorStyle === '' ? '' : '\x1b[0 q'
    return `${modes.join('')}${pops}${keys}${style}${this.#keypad ? '\x1b>' : ''}`
  }

  /** What `undo` took back, again. */
  redo(): string {
    const modes = [...this.#changed].map(([mode, on]) => privateMode(mode, on))
    const pushes = this.#keyboard.map((flags) => `\x1b[>${flags}u`)
    const keys = this.#otherKeys === '' ? '' : `\x1b[>${this.#otherKeys}m`
    const style = this.#cursorStyle === '' ? '' : `\x1b[${this.#cursorStyle} q`
    return `${modes.join('')}${pushes.join('')}${keys}${style}${this.#keypad ? '\x1b=' : ''}`
  }

  #private(mode: number, on: boolean): void {
    const initial = PRIVATE.get(mode)
    if (initial === undefined || this.has(mode) === on || mode === ONLY_NOTED) return
    if (initial === on) this.#changed.delete(mode)
    else this.#changed.set(mode, on)
    this.version++
  }

  /** DECSTR: cursor shown, keys normal; mouse and paste stay. */
  #softReset(): void {
    for (const mode of [1, 7, 25, 66]) this.#changed.delete(mode)
    this.#keypad = false
    this.version++
  }
}

function privateMode(mode: number, on: boolean): string {
  return `\x1b[?${mode}${on ? 'h' : 'l'}`
}
