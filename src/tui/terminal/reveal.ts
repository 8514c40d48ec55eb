import { printable } from '../../cli/output.ts'
import { clip } from '../../cli/width.ts'
import { count } from '../../cli/words.ts'
import { ok, type Result } from '../../core/result.ts'
import { screenRows } from './bytes.ts'
import { TerminalInput } from './input.ts'
import type { Screen } from './screen.ts'
import { CLEAR, CURSOR_OFF, row } from './sequences.ts'

const SECONDS = 10
/** First row of the value, and what the rows below it need. */
const TOP = 3
const BELOW = 3

interface Size {
  columns: number
  rows: number
}

/**
 * Asks with `ask` and shows what it returns for 10 s, or until a key is pressed, on an alternate screen: that has no
 * scrollback. The value goes from its bytes straight to the terminal, never through a string that nobody can wipe.
 */
export async function revealOnScreen(
  screen: Screen,
  name: string,
  size: Size,
  ask: () => Promise<Result<Buffer>>,
): Promise<Result<void>> {
  const shown = clip(printable(name), size.columns - 30)
  return screen.page(async () => {
    screen.write(`The passphrase shows ${shown} for ${SECONDS} s.\n\n`)
    const value = await ask()
    if (!value.ok) return value
    draw(screen, shown, value.value, size)
    await keyOrTime(screen, (left) => {
      screen.write(`${row(size.rows)}${clip(`gone in ${left} s, or at any key`, size.columns)}`)
    })
    return ok()
  })
}

/** Draws the value and wipes it. */
function draw(screen: Screen, name: string, value: Buffer, size: Size): void {
  const { rows, more } = screenRows(value, size.columns, Math.max(1, size.rows - TOP - BELOW))
  const bytes = count(value.length, 'byte')
  value.fill(0)
  screen.write(`${CLEAR}${CURSOR_OFF}${clip(`${name}, ${bytes}`, size.columns)}`)
  rows.forEach((bytes, i) => {
    screen.write(row(TOP + i))
    screen.write(bytes)
    bytes.fill(0)
  })
  if (more) screen.write(`${row(TOP + rows.length)}${clip('… there is more than fits here', size.columns)}`)
}

/** Resolves when the time is up or a key came. */
async function keyOrTime(screen: Screen, tell: (secondsLeft: number) => void): Promise<void> {
  const input = new TerminalInput()
  const { promise, resolve } = Promise.withResolvers<void>()
  let left = SECONDS
  tell(left)
  const timer = setInterval(() => {
    left--
    if (left <= 0) resolve()
    else tell(left)
  }, 1_000)
  input.once('data', () => resolve())
  input.once('end', () => resolve())
  await screen.keys(input, promise)
  clearInterval(timer)
  input.destroy()
}
