import { type Key, useInput } from 'ink'
import type { Dialog } from './dialog.ts'
import { KEYS, TABS } from './keys.ts'
import type { Actions } from './use-actions.ts'
import type { DeskHandle } from './use-desk.ts'

interface Keyboard {
  desk: DeskHandle
  actions: Actions
  /** Names that Tab offers for a command to explain. */
  commands: readonly string[]
  /** Rows that PgUp and PgDn move. */
  page: number
}

/** What was typed fast, or pasted, comes as one piece: it is taken key by key. */
export function useKeyboard(keyboard: Keyboard): void {
  useInput((input, key) => {
    const plain = !key.ctrl && !key.meta && !key.escape && [...input].length > 1
    if (!plain) return take(keyboard, input, key)
    for (const one of input) take(keyboard, one, { ...key, return: one === '\r', tab: one === '\t' })
  })
}

function take(keyboard: Keyboard, input: string, key: Key): void {
  const { dialog, searching } = keyboard.desk.now()
  if (key.ctrl && input === 'c') void keyboard.actions.start('quit')
  else if (key.ctrl && input === 'z') void keyboard.actions.start('stop')
  else if (dialog) inDialog(dialog, keyboard, input, key)
  else if (searching) inSearch(keyboard, input, key)
  else inLists(keyboard, input, key)
}

function inLists({ desk, actions, page }: Keyboard, input: string, key: Key): void {
  const by = movement(input, key, page)
  const step = key.shift ? TABS.length - 1 : 1
  const tab = key.tab ? TABS[(TABS.indexOf(desk.now().tab) + step) % TABS.length] : TABS[Number(input) - 1]
  const action = KEYS.find((one) => one.key === input)?.action
  if (by !== undefined) desk.move(by)
  else if (key.escape) desk.set({ search: '', message: undefined })
  else if (tab) desk.set({ tab })
  else if (action === 'search') desk.set({ searching: true })
  else if (action) void actions.start(action)
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

function inSearch({ desk }: Keyboard, input: string, key: Key): void {
  if (key.escape) desk.set({ search: '', searching: false })
  else if (key.return) desk.set({ searching: false })
  else desk.set({ search: edited(desk.now().search, input, key) })
}

function inDialog(dialog: Dialog, keyboard: Keyboard, input: string, key: Key): void {
  const { actions, desk, commands } = keyboard
  const typing = dialog.kind === 'which-command'
  if (key.escape || (!typing && input === 'q') || (dialog.kind === 'help' && input === '?')) {
    desk.set({ dialog: undefined })
  } else if (dialog.kind === 'lock') {
    if (input === 'y' || input === 's') void actions.lock(input === 's')
  } else if (dialog.kind === 'which-command') {
    if (!key.return) desk.set({ dialog: { ...dialog, text: named(commands, dialog.text, input, key) } })
    else if (dialog.text !== '') void actions.explain(dialog.text)
  } else if (dialog.kind === 'trust' && input === 'y' && dialog.offer.view.state !== 'trusted') {
    void actions.agree(dialog)
  } else if (dialog.kind !== 'help') {
    scroll(dialog, keyboard, input, key)
  }
}

/** Tab goes through the names; everything else edits what is there. */
function named(names: readonly string[], text: string, input: string, key: Key): string {
  if (!key.tab) return edited(text, input, key)
  return names[(names.indexOf(text) + 1) % Math.max(1, names.length)] ?? text
}

function scroll(
  dialog: Extract<Dialog, { at: number }>,
  { desk, page }: Keyboard,
  input: string,
  key: Key,
): void {
  const by = movement(input, key, page)
  if (by === undefined) return
  const at = Number.isFinite(by) ? dialog.at + by : by < 0 ? 0 : dialog.lines.length
  desk.set({ dialog: { ...dialog, at: Math.max(0, Math.min(at, dialog.lines.length)) } })
}

/** What a line of text becomes by a key. Pasted text is taken up to its first line end. */
function edited(text: string, input: string, key: Key): string {
  if (key.backspace || key.delete) return [...text].slice(0, -1).join('')
  if (key.ctrl && input === 'u') return ''
  if (key.ctrl || key.meta || key.tab) return text
  return `${text}${input.split(/[\r\n]/)[0] ?? ''}`.slice(0, 100)
}
