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

interface KeyHelp {
  key: string
  /** Its word in the footer, too. */
  action: Action
  /** For the help. */
  long: string
}

export const KEYS: readonly KeyHelp[] = [
  { key: 'p', action: 'pull', long: 'unlock, or fetch everything anew' },
  { key: 'e', action: 'extend', long: 'give the passphrase again: the time starts anew' },
  { key: 'l', action: 'lock', long: 'wipe the secrets from memory' },
  { key: 't', action: 'trust', long: 'see what tazpod.yaml grants, and agree to it' },
  { key: 'x', action: 'explain', long: 'what one command would get' },
  { key: 'r', action: 'reveal', long: 'show the value for 10 s; asks for the passphrase' },
  { key: 'c', action: 'copy', long: 'value to the clipboard for 30 s; asks too' },
  { key: '/', action: 'search', long: 'show only what contains a text' },
  { key: '?', action: 'help', long: 'this page' },
  { key: 'q', action: 'quit', long: 'leave; what is unlocked stays unlocked' },
]

export const TABS = ['secrets', 'running', 'activity'] as const
export type Tab = (typeof TABS)[number]
