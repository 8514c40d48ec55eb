/** What a key does. The footer, the help and the handler all read this one list. */
export type Action =
  | 'pull'
  | 'extend'
  | 'lock'
  | 'trust'
  | 'explain'
  | 'reveal'
  | 'copy'
  | 'search'
  | 'help'
  | 'quit'

export interface KeyHelp {
  key: string
  action: Action
  /** For the footer. */
  short: string
  /** For the help. */
  long: string
}

export const KEYS: readonly KeyHelp[] = [
  { key: 'p', action: 'pull', short: 'pull', long: 'unlock, or fetch everything anew' },
  { key: 'e', action: 'extend', short: 'extend', long: 'give the passphrase again: the time starts anew' },
  { key: 'l', action: 'lock', short: 'lock', long: 'wipe the secrets from memory' },
  { key: 't', action: 'trust', short: 'trust', long: 'see what tazpod.yaml grants, and agree to it' },
  { key: 'x', action: 'explain', short: 'explain', long: 'what one command would get' },
  { key: 'r', action: 'reveal', short: 'reveal', long: 'show the value for 10 s; asks for the passphrase' },
  { key: 'c', action: 'copy', short: 'copy', long: 'value to the clipboard for 30 s; asks too' },
  { key: '/', action: 'search', short: 'search', long: 'show only what contains a text' },
  { key: '?', action: 'help', short: 'help', long: 'this page' },
  { key: 'q', action: 'quit', short: 'quit', long: 'leave; what is unlocked stays unlocked' },
]

export const TABS = ['secrets', 'running', 'activity'] as const
export type Tab = (typeof TABS)[number]
