/** What a person typed: bytes for the program, and what they chose in the menu. */
interface Typed {
  pass: Buffer
  chosen: Choice | undefined
  /** The menu has opened or closed. */
  menu: boolean
}

export type Choice = 'unlock' | 'lock' | 'stop' | 'wait' | 'dashboard' | 'help'

const CHOICES = new Map<string, Choice>([
  ['u', 'unlock'],
  ['l', 'lock'],
  ['s', 'stop'],
  ['w', 'wait'],
  ['d', 'dashboard'],
  ['?', 'help'],
  ['h', 'help'],
])

/** Ctrl-] as terminals send it: plain, with xterm's modifyOtherKeys, and with kitty's keyboard protocol. */
const PREFIX = /^(?:\x1d|\x1b\[27;5;93~|\x1b\[93;(?:5|69|133|197)(?::1)?u)/
const PASTE_START = '\x1b[200~'
const PASTE_END = '\x1b[201~'
/** A key of kitty's protocol, `CSI code ; modifiers u`; a release (`:3`) is no key at all here. */
const KITTY = /^\x1b\[(\d+)(?::\d*)*(?:;(\d*)(?::(\d))?)?[;\d:]*u/

export const PREFIX_NAME = 'Ctrl-]'

/**
 * Looks for the prefix key in what is typed; pasted text is never looked at. Behind the prefix one more key is taken:
 * a choice, Esc or `q` for none, the prefix again for itself. Any other key goes to the program with the prefix in
 * front of it, so that nothing is lost where a program uses the key itself (vim: go to the tag).
 */
export class Keys {
  readonly #enabled: boolean
  #pasting = false
  /** The last bytes of what was pasted. */
  #pasted = ''
  /** The bytes of the prefix while the menu waits. */
  #prefix = ''

  constructor(enabled: boolean) {
    this.#enabled = enabled
  }

  get isMenuOpen(): boolean {
    return this.#prefix !== ''
  }

  type(bytes: Buffer): Typed {
    if (!this.#enabled) return { pass: bytes, chosen: undefined, menu: false }
    const was = this.isMenuOpen
    let text = bytes.toString('latin1')
    let pass = ''
    let chosen: Choice | undefined
    while (text !== '') {
      const [taken, choice, out] = this.#next(text)
      text = text.slice(taken)
      pass += out
      chosen ??= choice
    }
    return { pass: Buffer.from(pass, 'latin1'), chosen, menu: was !== this.isMenuOpen }
  }

  /** The menu has waited long enough: what it took goes to the program. */
  close(): Buffer {
    const bytes = Buffer.from(this.#prefix, 'latin1')
    this.#prefix = ''
    return bytes
  }

  /** How much of the text is dealt with, what was chosen, and what goes to the program. */
  #next(text: string): [number, Choice | undefined, string] {
    if (this.#pasting) return this.#paste(text)
    if (this.isMenuOpen) return this.#choose(text)
    const prefix = PREFIX.exec(text)
    if (prefix) {
      this.#prefix = prefix[0]
      return [prefix[0].length, undefined, '']
    }
    if (text.startsWith(PASTE_START)) {
      this.#pasting = true
      return [PASTE_START.length, undefined, PASTE_START]
    }
    const until = 1 + text.slice(1).search(/[\x1b\x1d]|$/)
    return [until, undefined, text.slice(0, until)]
  }

  #paste(text: string): [number, undefined, string] {
    const joined = this.#pasted + text // the terminator may be cut by the read
    const end = joined.indexOf(PASTE_END)
    this.#pasting = end < 0
    this.#pasted = end < 0 ? joined.slice(1 - PASTE_END.length) : ''
    const taken = end < 0 ? text.length : end + PASTE_END.length - (joined.length - text.length)
    return [taken, undefined, text.slice(0, taken)]
  }

  #choose(text: string): [number, Choice | undefined, string] {
    const prefix = this.#prefix
    const again = PREFIX.exec(text)
    const kitty = KITTY.exec(text)
    if (kitty && (kitty[3] === '3' || isModifier(Number(kitty[1])))) return [kitty[0].length, undefined, '']
    this.#prefix = ''
    if (again) return [again[0].length, undefined, prefix]
    const [key, taken] = kitty
      ? [String.fromCodePoint(Number(kitty[1])), kitty[0].length]
      : [text[0] ?? '', 1]
    const choice = CHOICES.get(key)
    if (choice !== undefined) return [taken, choice, '']
    if (key === 'q' || key === '\r' || (key === '\x1b' && text.length === taken))
      return [taken, undefined, '']
    return [0, undefined, prefix]
  }
}

/** Shift, Ctrl and the like come as keys of their own where a program asked for all of them. */
function isModifier(code: number): boolean {
  return code >= 57_441 && code <= 57_454
}
