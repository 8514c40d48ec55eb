/** What a person did with the mouse. Columns and rows count from 1, as the terminal says them. */
export type MouseEvent =
  | { kind: 'press'; column: number; row: number }
  | { kind: 'wheel'; by: -1 | 1; column: number; row: number }

const LEFT = 0
const WHEEL_UP = 64
const WHEEL_DOWN = 65
/** Shift, Alt, Ctrl: the same button. */
const MODIFIERS = 4 | 8 | 16

const ESC = '\u001b'
const WHOLE = new RegExp(`${ESC}\\[<(\\d{1,4});(\\d{1,5});(\\d{1,5})([Mm])`, 'g')
const STARTED = new RegExp(`${ESC}(?:\\[(?:<[\\d;]{0,17})?)?$`)

/**
 * Takes the mouse out of what a terminal sent (`ESC [ < button ; column ; row M`, `m` for a release). `rest` is the
 * start of a sequence whose end has not come yet.
 */
export function splitMouse(text: string): { keys: string; events: MouseEvent[]; rest: string } {
  const events: MouseEvent[] = []
  const keys = text.replace(WHOLE, (_all, button, column, row, end) => {
    const event = eventOf(Number(button), Number(column), Number(row), end === 'M')
    if (event) events.push(event)
    return ''
  })
  const rest = STARTED.exec(keys)?.[0] ?? ''
  return { keys: keys.slice(0, keys.length - rest.length), events, rest }
}

function eventOf(button: number, column: number, row: number, pressed: boolean): MouseEvent | undefined {
  const which = button & ~MODIFIERS
  if (!pressed) return undefined
  if (which === LEFT) return { kind: 'press', column, row }
  if (which === WHEEL_UP) return { kind: 'wheel', by: -1, column, row }
  return which === WHEEL_DOWN ? { kind: 'wheel', by: 1, column, row } : undefined
}
