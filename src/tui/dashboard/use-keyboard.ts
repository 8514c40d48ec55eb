import { type Key, useInput } from 'ink'
import type { Dialog } from './dialog.ts'
import { KEYS, TABS, type Tab } from './keys.ts'
import type { Actions } from './use-actions.ts'

/** What keys work on. */
export interface KeyboardState {
  tab: Tab
  search: string
  searching: boolean
  dialog: Dialog | undefined
  /** Names that Tab offers for a command to explain. */
  commands: readonly string[]
  /** Rows that PgUp and PgDn move. */
  page: number
}

export interface KeyboardHands {
  actions: Actions
  show(tab: Tab): void
  /** By so many rows; infinite: to the first or the last. */
  move(by: number): void
  setSearch(text: string, searching: boolean): void
  setDialog(dialog: Dialog | undefined): void
  stop(): void
}

export function useKeyboard(state: KeyboardState, hands: KeyboardHands): void {
  useInput((input, key) => {
    if (key.ctrl && input === 'c') void hands.actions.start('quit')
    else if (key.ctrl && input === 'z') hands.stop()
    else if (state.dialog) inDialog(state.dialog, state, hands, input, key)
    else if (state.searching) inSearch(state, hands, input, key)
    else inLists(state, hands, input, key)
  })
}

function inLists({ tab, search, page }: KeyboardState, hands: KeyboardHands, input: string, key: Key): void {
  const by = movement(input, key, page)
  const step = key.shift ? TABS.length - 1 : 1
  const named = key.tab ? TABS[(TABS.indexOf(tab) + step) % TABS.length] : TABS[Number(input) - 1]
  const action = KEYS.find((one) => one.key === input)?.action
  if (by !== undefined) hands.move(by)
  else if (key.escape) hands.setSearch('', false)
  else if (named) hands.show(named)
  else if (action === 'search') hands.setSearch(search, true)
  else if (action) void hands.actions.start(action)
}

/** By how many rows a key moves; undefined: it is no such key. */
function movement(input: string, key: Key, page: number): number | undefined {
  if (key.upArrow || input === 'k') return -1
  if (key.downArrow || input === 'j') return 1
  if (key.pageUp) return -page
  if (key.pageDown) return page
  if (key.home || input === 'g') return Number.NEGATIVE_INFINITY
  return key.end || input === 'G' ? Number.POSITIVE_INFINITY : undefined
}

function inSearch({ search }: KeyboardState, hands: KeyboardHands, input: string, key: Key): void {
  if (key.escape) hands.setSearch('', false)
  else if (key.return) hands.setSearch(search, false)
  else hands.setSearch(edited(search, input, key), true)
}

function inDialog(dialog: Dialog, state: KeyboardState, hands: KeyboardHands, input: string, key: Key): void {
  const { actions, setDialog } = hands
  const typing = dialog.kind === 'which-command'
  if (key.escape || (!typing && input === 'q') || (dialog.kind === 'help' && input === '?')) {
    setDialog(undefined)
  } else if (dialog.kind === 'lock') {
    if (input === 'y' || input === 's') void actions.lock(input === 's')
  } else if (dialog.kind === 'which-command') {
    if (!key.return) setDialog({ ...dialog, text: named(state.commands, dialog.text, input, key) })
    else if (dialog.text !== '') void actions.explain(dialog.text)
  } else if (dialog.kind === 'trust' && input === 'y' && dialog.offer.view.state !== 'trusted') {
    void actions.agree(dialog)
  } else if (dialog.kind !== 'help') {
    scroll(dialog, state, hands, input, key)
  }
}

/** Tab goes through the names; everything else edits what is there. */
function named(names: readonly string[], text: string, input: string, key: Key): string {
  if (!key.tab) return edited(text, input, key)
  return names[(names.indexOf(text) + 1) % Math.max(1, names.length)] ?? text
}

function scroll(
  dialog: Extract<Dialog, { at: number }>,
  { page }: KeyboardState,
  { setDialog }: KeyboardHands,
  input: string,
  key: Key,
): void {
  const by = movement(input, key, page)
  if (by === undefined) return
  const at = Number.isFinite(by) ? dialog.at + by : by < 0 ? 0 : dialog.lines.length
  setDialog({ ...dialog, at: Math.max(0, Math.min(at, dialog.lines.length)) })
}

/** What a line of text becomes by a key. Pasted text is taken up to its first line end. */
function edited(text: string, input: string, key: Key): string {
  if (key.backspace || key.delete) return [...text].slice(0, -1).join('')
  if (key.ctrl && input === 'u') return ''
  if (key.ctrl || key.meta || key.tab) return text
  return `${text}${input.split(/[\r\n]/)[0] ?? ''}`.slice(0, 100)
}
