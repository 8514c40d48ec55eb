import { formatSpan } from '../../core/text/duration.ts'
import { type Ends, lifetime, WARNINGS } from './lifetime.ts'

/** What the footer tells; `running` does not count the session's own shell. */
export interface FooterState extends Ends {
  /** `starting`: nobody has said yet. */
  state: 'locked' | 'unlocked' | 'unknown' | 'starting'
  project: string | null
  secrets: number
  running: number
  isolation: string | undefined
  /** How the provider is, where the holder tells it. */
  provider: string | undefined
}

interface FooterOptions {
  cols: number
  now: number
  colour: boolean
  /** Words that take the place of the right-hand side for a while. */
  note?: string | undefined
  /** The key that opens the menu; undefined: none does. */
  key: string | undefined
}

const RESET = '\x1b[0m'
const DIM = '\x1b[2m'
/** Black on green, yellow or red, bold; without colour (https://no-color.org) reverse says the same. */
const BADGE = {
  good: '\x1b[1;30;42m',
  soon: '\x1b[1;30;43m',
  bad: '\x1b[1;37;41m',
  plain: '\x1b[1;7m',
} as const

/** One row: the state first, then what fits, the least important left out first. No cursor movement, no line end. */
export function footerLine(state: FooterState, options: FooterOptions): string {
  const badge = badgeOf(state, options.now)
  const head = ` ${badge.text} `
  const paint = options.colour ? BADGE[badge.kind] : BADGE.plain
  const room = options.cols - 1 // the last column stays free: some terminals would scroll
  if (head.length > room) return `${paint}${head.slice(0, room)}${RESET}`
  const facts = factsOf(state)
  const right = options.note ?? (options.key === undefined ? '' : `${options.key} menu`)
  const rest =
    options.note === undefined
      ? arrange(facts, right, room - head.length)
      : arrange([], right, room - head.length)
  return `${paint}${head}${RESET}${rest}`
}

interface Badge {
  text: string
  kind: 'good' | 'soon' | 'bad'
}

function badgeOf(state: FooterState, now: number): Badge {
  const project = shown(state.project ?? 'tazpod')
  if (state.state === 'starting') return { text: project, kind: 'soon' }
  if (state.state === 'unknown') return { text: `${project} state unknown`, kind: 'bad' }
  if (state.state === 'locked') return { text: `${project} LOCKED`, kind: 'bad' }
  const { left, why } = lifetime(state, now)
  if (left === undefined) return { text: `${project} unlocked`, kind: 'good' }
  const idle = why === 'idle' ? ' idle' : ''
  return {
    text: `${project} unlocked ${formatSpan(left)}${idle}`,
    kind: left <= WARNINGS[0] ? 'soon' : 'good',
  }
}

/** In the order of their importance. */
function factsOf(state: FooterState): string[] {
  if (state.state === 'locked') return ['unlock: tazpod pull']
  if (state.state !== 'unlocked') return []
  const facts = [`${state.secrets} secret${state.secrets === 1 ? '' : 's'}`]
  if (state.running > 0) facts.push(`${state.running} running`)
  if (state.provider !== undefined) facts.push(shown(state.provider))
  if (state.isolation !== undefined) facts.push(shown(state.isolation))
  return facts
}

/**
 * How a provider is that has to be asked again and again: `infisical ok`, or `infisical FAILED` while what is held is
 * older than it should be. Undefined: the set is never fetched anew.
 */
export function providerHealth(
  provider: string | undefined,
  refresh: { state: 'waiting' | 'failed' } | null | undefined,
): string | undefined {
  if (!refresh) return undefined
  return `${provider ?? 'provider'} ${refresh.state === 'failed' ? 'FAILED' : 'ok'}`
}

/** As many facts as fit, then the words on the right where there is room for them. */
function arrange(facts: readonly string[], right: string, room: number): string {
  let left = ''
  for (const fact of facts) {
    if (left.length + 2 + fact.length > room) break
    left += `  ${fact}`
  }
  const space = room - left.length - 2
  const words = facts.length === 0 ? right.slice(0, Math.max(0, space)) : right.length <= space ? right : ''
  const gap = ' '.repeat(Math.max(0, room - left.length - words.length))
  return words === '' ? left : `${left}${gap}${DIM}${words}${RESET}`
}

/** Names come from folders: nothing in them reaches the terminal as a command, and one column is one character. */
function shown(name: string): string {
  return name.replace(/[^\x20-\x7e\u00a1-\u02ff\u0370-\u058f]/gu, '?').slice(0, 24)
}
