import { useApp } from 'ink'
import { useRef } from 'react'
import type { DashboardSource } from '../../app/dashboard/source.ts'
import type { Pulled } from '../../app/session/pulled.ts'
import { explainLines } from '../../cli/explain-lines.ts'
import { printable } from '../../cli/output.ts'
import { trustLines } from '../../cli/trust-lines.ts'
import { count } from '../../cli/words.ts'
import type { Failure } from '../../core/failure/failure.ts'
import { CLIPBOARD_SECONDS } from '../terminal/clipboard.ts'
import type { Dialog } from './dialog.ts'
import type { Action } from './keys.ts'
import { inOneLine, plainLines } from './lines.ts'
import type { Message } from './message.ts'
import type { TerminalControl } from './terminal-control.ts'
import type { DeskHandle } from './use-desk.ts'
import type { Live } from './use-live.ts'

/** What the actions need. */
interface Tools {
  source: DashboardSource
  terminal: TerminalControl
  live: Live
  desk: DeskHandle
}

export interface Actions {
  /** One at a time: a key that comes before the last one has its answer is dropped. */
  start(action: Exclude<Action, 'search'> | 'stop'): Promise<void>
  lock(stop: boolean): Promise<void>
  explain(command: string): Promise<void>
  agree(dialog: Extract<Dialog, { kind: 'trust' }>): Promise<void>
}

/** What the keys do. Whatever fails ends as one line at the bottom, and nothing is half done. */
export function useActions({ source, terminal, live, desk }: Tools): Actions {
  const { exit } = useApp()
  const busy = useRef(false)
  /** Not waited for: the answer is there already, and the next key may come. */
  const refresh = () => void live.reload()
  const say = (message: Message) => desk.set({ message })
  const open = (dialog: Dialog | undefined) => desk.set({ dialog })
  const good = (text: string) => say({ text, tone: 'good' })
  const bad = (failure: Failure) => say({ text: inOneLine(failure), tone: 'bad' })

  const pull = async (extend: boolean) => {
    const pulled = await terminal.lend(() => source.pull(extend))
    if (pulled.ok) say(pulledMessage(pulled.value))
    else bad(pulled.error)
    refresh()
  }
  const lock = async (stop: boolean) => {
    open(undefined)
    const done = await source.lock(stop)
    if (!done.ok) bad(done.error)
    else
      good(done.value.wiped === 0 ? 'locked already' : `locked; ${count(done.value.wiped, 'secret')} wiped`)
    refresh()
  }
  const askLock = async () => {
    const running = live.view.status.running ?? []
    if (running.length > 0) open({ kind: 'lock', running })
    else await lock(false)
  }
  const trust = async () => {
    const offer = await source.trust()
    if (!offer.ok) return bad(offer.error)
    open({ kind: 'trust', offer: offer.value, lines: plainLines(trustLines(offer.value.view)), at: 0 })
  }
  const agree: Actions['agree'] = async ({ offer }) => {
    open(undefined)
    const done = await offer.agree()
    if (done.ok) good('trusted; a pull makes it count')
    else bad(done.error)
    refresh()
  }
  const explain = async (command: string) => {
    const explained = await source.explain(command)
    if (!explained.ok) {
      open(undefined)
      return bad(explained.error)
    }
    open({
      kind: 'text',
      title: `explain ${printable(command)}`,
      lines: plainLines(explainLines(explained.value)),
      at: 0,
    })
  }
  const withSecret = async (work: (name: string) => Promise<void>) => {
    const secret = desk.secret()
    if (secret === undefined) return say({ text: 'mark a secret first (1 lists them)', tone: 'warn' })
    await work(secret)
  }
  const reveal = (name: string) =>
    terminal
      .reveal(name, () => source.reveal(name))
      .then((shown) => {
        if (!shown.ok) return bad(shown.error)
        good(`${printable(name)} was shown, and is wiped`)
      })
  const copy = async (name: string) => {
    const cleared = () => good('the clipboard was cleared')
    const copied = await terminal.copy(name, () => source.reveal(name), cleared)
    if (!copied.ok) return bad(copied.error)
    if (!copied.value) return say({ text: `${printable(name)} is too long for a clipboard`, tone: 'warn' })
    say({
      text: `${printable(name)} was sent to the clipboard, if the terminal allows it; cleared in ${CLIPBOARD_SECONDS} s. A clipboard manager may keep it.`,
      tone: 'warn',
    })
  }
  const act: Actions['start'] = async (action) => {
    switch (action) {
      case 'pull':
        return pull(false)
      case 'extend':
        return pull(true)
      case 'lock':
        return askLock()
      case 'trust':
        return trust()
      case 'explain':
        return open({ kind: 'which-command', text: '' })
      case 'reveal':
        return withSecret(reveal)
      case 'copy':
        return withSecret(copy)
      case 'help':
        return open({ kind: 'help' })
      case 'stop':
        return terminal.stop()
      case 'quit':
        return exit()
    }
  }
  const start: Actions['start'] = async (action) => {
    if (busy.current && action !== 'quit') return
    busy.current = true
    await act(action).finally(() => {
      busy.current = false
    })
  }
  return { start, lock, explain, agree }
}

function pulledMessage({ secrets, provider, missing }: Pulled): Message {
  const held = `unlocked; ${count(secrets, 'secret')} from ${printable(provider)}`
  if (missing.length === 0) return { text: held, tone: 'good' }
  return { text: `${held}; missing: ${missing.map(printable).join(', ')}`, tone: 'warn' }
}
