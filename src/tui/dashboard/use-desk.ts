import { useReducer, useRef } from 'react'
import type { Dialog } from './dialog.ts'
import type { Tab } from './keys.ts'
import type { Message } from './message.ts'
import { rowsOf, selectedIn } from './rows.ts'
import type { Live } from './use-live.ts'

/** What a person has done to the screen. */
interface Desk {
  tab: Tab
  /** Marked row of each tab; in the activity counted from its end. */
  at: Readonly<Record<Tab, number>>
  search: string
  /** Keys go into the search. */
  searching: boolean
  dialog: Dialog | undefined
  message: Message | undefined
}

const START: Desk = {
  tab: 'secrets',
  at: { secrets: 0, running: 0, activity: 0 },
  search: '',
  searching: false,
  dialog: undefined,
  message: undefined,
}

export interface DeskHandle {
  /** As it is now, not as it was drawn last: keys come faster than frames. */
  now(): Desk
  set(change: Partial<Desk>): void
  /** Moves the mark by so many rows; infinite: to the first or the last. */
  move(by: number): void
  /** Name of the marked secret, where one is marked. */
  secret(): string | undefined
}

export function useDesk(live: Live): DeskHandle {
  const desk = useRef(START)
  const world = useRef(live)
  world.current = live
  const [, draw] = useReducer((frame: number) => frame + 1, 0)
  const rows = () => rowsOf(world.current, desk.current.search)
  const set = (change: Partial<Desk>) => {
    desk.current = { ...desk.current, ...change }
    draw()
  }
  return {
    now: () => desk.current,
    set,
    move(by) {
      const { tab, at } = desk.current
      const last = Math.max(0, rows()[tab].length - 1)
      const step = tab === 'activity' ? -by : by
      const from = Math.min(at[tab], last)
      const to = Number.isFinite(step) ? from + step : step < 0 ? 0 : last
      set({ at: { ...at, [tab]: Math.max(0, Math.min(to, last)) } })
    },
    secret() {
      const { tab, at } = desk.current
      const { secrets } = rows()
      return tab === 'secrets' ? secrets[selectedIn(tab, secrets.length, at.secrets)]?.name : undefined
    },
  }
}
