/** What the tests of the screen share: a screen and the terminal that it draws on. */
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect } from 'vitest'
import { Screen } from '../../src/tui/session/screen.ts'
import { Emulator } from '../support/shell/emulator.ts'

export const COLS = 40
export const ROWS = 9
export const FOOTER = 'the footer'

class Rig {
  readonly outer: Emulator
  readonly bare: Emulator
  readonly screen: Screen
  restore = ''
  replies = ''
  now = 0

  constructor(cols = COLS, rows = ROWS) {
    this.outer = new Emulator(cols, rows)
    this.bare = new Emulator(cols, rows - 1)
    this.screen = new Screen(
      { cols, rows },
      {
        write: (bytes) => this.outer.write(bytes),
        reply: (bytes) => {
          this.replies += bytes
        },
        footer: () => FOOTER,
        remember: (restore) => {
          this.restore = restore
        },
        now: () => this.now,
      },
    )
    this.screen.begin()
  }

  feed(...chunks: (string | Buffer)[]): void {
    for (const chunk of chunks) {
      this.now += 2000 // long after a cursor was saved
      this.bare.write(chunk)
      this.screen.feed(Buffer.from(chunk))
    }
  }

  /** What the program has on the terminal, and what it would have without us. */
  seen(): object {
    const { outer } = this
    return { rows: outer.rows().slice(0, -1), cursor: this.place(outer), scrollback: outer.scrollback() }
  }

  wanted(): object {
    const { bare } = this
    return { rows: bare.rows(), cursor: this.place(bare), scrollback: bare.scrollback() }
  }

  /** A cursor that waits behind the last column shows on it. */
  place({ cursor }: Emulator): object {
    return { x: Math.min(cursor.x, COLS - 1), y: cursor.y }
  }

  footer(): string | undefined {
    return this.outer.rows().at(-1)
  }
}

const rigs: Rig[] = []
export function rig(): Rig {
  const made = new Rig()
  rigs.push(made)
  return made
}
afterEach(() => {
  for (const { screen } of rigs.splice(0)) screen.end()
})

/** The alternate screen is drawn a little later: as many looks, however long the machine takes between two of them. */
export async function settled(one: Rig): Promise<void> {
  const same = (): boolean => JSON.stringify(one.seen()) === JSON.stringify(one.wanted())
  for (let looks = 0; looks < 100 && !same(); looks++) await pause(10)
  expect(one.seen()).toEqual(one.wanted())
}

export const lines = (from: number, to: number): string =>
  Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}\r\n`).join('')
