import { base64Bytes } from './bytes.ts'
import type { Screen } from './screen.ts'
import { CLIPBOARD_CLEAR, CLIPBOARD_END, CLIPBOARD_START } from './sequences.ts'

export const CLIPBOARD_SECONDS = 30
/** Terminals drop longer sequences without a word. */
const CLIPBOARD_LIMIT = 65_536

/**
 * The terminal's clipboard (OSC 52), for one value at a time, cleared after 30 s and at the end. Nobody can tell
 * whether the terminal obeys, and a clipboard manager may keep a history of its own.
 */
export class Clipboard {
  readonly #screen: Screen
  #timer: NodeJS.Timeout | undefined

  constructor(screen: Screen) {
    this.#screen = screen
  }

  /** Sends the value and wipes it. False: too long for a terminal, nothing was sent. */
  copy(value: Buffer, cleared: () => void): boolean {
    if (value.length > CLIPBOARD_LIMIT) {
      value.fill(0)
      return false
    }
    const text = base64Bytes(value)
    value.fill(0)
    this.#screen.guard.tell('copied')
    for (const part of [Buffer.from(CLIPBOARD_START), text, Buffer.from(CLIPBOARD_END)])
      this.#screen.write(part)
    text.fill(0)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.clear()
      cleared()
    }, CLIPBOARD_SECONDS * 1_000)
    return true
  }

  /** Clears what was copied, if anything is still there. */
  clear(): void {
    if (this.#timer === undefined) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#screen.write(CLIPBOARD_CLEAR)
    this.#screen.guard.tell('cleared')
  }
}
