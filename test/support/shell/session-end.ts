/** What a session leaves behind: nothing, and the terminal as it was. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { Scratch } from '../scratch.ts'
import { tazpod } from '../tazpod.ts'
import type { Terminal } from '../terminal.ts'
import { until } from '../until.ts'
import { type Parts, partsOf, pidsOf } from './session.ts'

const MODES = String.raw`printf '\e[?1003h\e[?1006h\e[?2004h\e[?25l\e[?1h\e='`

/** Full of modes, perhaps on the alternate screen, with a command running. */
export async function busy(scratch: Scratch, terminal: Terminal, alternate: boolean): Promise<Parts> {
  const parts = await partsOf(scratch)
  terminal.line(`${MODES}; ${alternate ? String.raw`printf '\e[?1049hinside'` : 'echo inside'}; sleep 1000`)
  await terminal.waitForScreen((screen) => /^inside/m.test(screen))
  // Before that a shell that ends leaves it behind, with tazpod or without: it is in no job yet.
  expect(await until(() => pidsOf(scratch, 'sleep 1000').length === 1)).toBe(true)
  expect(terminal.state()).toMatchObject({
    alternate,
    modes: { mouseTrackingMode: 'any', applicationCursorKeysMode: true },
  })
  return parts
}

/** The person types on in the shell outside: settings, screen and modes are those of before. */
export async function isAsBefore(scratch: Scratch, terminal: Terminal, promptIsThere = true): Promise<void> {
  const read = (name: string): string => readFileSync(join(scratch.home, name), 'utf8')
  if (!promptIsThere) terminal.line('')
  await terminal.waitForScreen((screen) => screen.endsWith('\n$'))
  terminal.line('stty -a > "$HOME/after"; echo "and $((40 + 2))"; seq 29 30; echo last')
  await terminal.waitForText(/^last/m)
  expect(read('after')).toBe(read('before'))
  const { alternate, modes } = terminal.state()
  expect({ alternate, ...modes }).toMatchObject({
    alternate: false,
    mouseTrackingMode: 'none',
    applicationCursorKeysMode: false,
    applicationKeypadMode: false,
  })
  expect(terminal.screen()).toMatch(/^and 42\n29\n30\nlast/m)
  expect(terminal.screen()).not.toContain('unlocked')
  const hidden = terminal.raw.lastIndexOf('\x1b[?25l')
  expect(terminal.raw.lastIndexOf('\x1b[?25h')).toBeGreaterThanOrEqual(hidden)
}

export async function isGone(scratch: Scratch, parts: Parts): Promise<void> {
  const all = [...Object.values(parts)]
  const alive = (): number[] => scratch.processes().flatMap(({ pid }) => (all.includes(pid) ? [pid] : []))
  await until(() => alive().length === 0, 15_000)
  expect(alive()).toEqual([])
  // The holder hears of an end a moment after the process has left /proc.
  const status = async () => JSON.parse((await tazpod(scratch, ['status', '--json'])).stdout)
  await until(async () => (await status()).running?.length === 0)
  expect(await status()).toMatchObject({ state: 'unlocked', running: [] })
}
