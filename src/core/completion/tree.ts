/** What can be completed, told by the command line's own description; the scripts are made from it. */
export interface Completions {
  commands: CompletedCommand[]
}

export interface CompletedCommand {
  /** `vault`, `get`. */
  words: string[]
  summary: string
  flags: CompletedFlag[]
  args: Kind[]
  /** Behind the arguments: another command with its own completion, or files of the shared folder. */
  rest?: 'command' | 'work'
}

export interface CompletedFlag {
  name: string
  char?: string
  summary: string
  /** Absent: the flag takes no value. */
  value?: Kind
}

/** `names`: secrets of the project; `only`: those and its binds. Both are asked of the native part at each Tab. */
export type Kind =
  | { is: 'names' | 'only' | 'files' | 'commands' | 'nothing' }
  | { is: 'words'; words: string[] }

/** A command as oclif describes it, as far as it matters here. */
export interface DescribedCommand {
  id: string
  summary?: string | undefined
  hidden?: boolean | undefined
  flags: Record<string, DescribedFlag>
  args: Record<string, { options?: readonly string[] | undefined }>
}

interface DescribedFlag {
  name: string
  char?: string | undefined
  summary?: string | undefined
  hidden?: boolean | undefined
  type: string
  options?: readonly string[] | undefined
  helpValue?: unknown
}

const REST = new Map([
  ['exec', 'command'],
  ['save', 'work'],
] as const)

export function completionsOf(commands: readonly DescribedCommand[]): Completions {
  const visible = commands.filter(({ hidden }) => !hidden).sort((a, b) => (a.id < b.id ? -1 : 1))
  return { commands: visible.map(commandOf) }
}

/** One word of a command: a command, a group of further ones (`vault`), or both (`secrets`). */
export interface CommandNode {
  word: string
  summary: string
  command?: CompletedCommand
  children: CommandNode[]
}

/** The commands as a tree of words, however deep. */
export function commandTree({ commands }: Completions, depth = 0): CommandNode[] {
  const byWord = Map.groupBy(commands, ({ words }) => words[depth] ?? '')
  return [...byWord].map(([word, all]) => {
    const command = all.find(({ words }) => words.length === depth + 1)
    const deeper = all.filter(({ words }) => words.length > depth + 1)
    const children = commandTree({ commands: deeper }, depth + 1)
    const summary = command?.summary ?? 'several commands'
    return { word, summary, children, ...(command && { command }) }
  })
}

/** Every node that has further words, from the outside inwards, with the words that lead to it. */
export function groupsOf(nodes: readonly CommandNode[], before: readonly string[] = []): Group[] {
  const here = nodes.filter(({ children }) => children.length > 0)
  const own = here.map((node) => ({ path: [...before, node.word], node }))
  return [...own, ...own.flatMap(({ path, node }) => groupsOf(node.children, path))]
}

export interface Group {
  path: string[]
  node: CommandNode
}

function commandOf({ id, summary = '', flags, args }: DescribedCommand): CompletedCommand {
  const shown = Object.values(flags).filter(({ hidden }) => !hidden)
  const rest = REST.get(id as 'exec' | 'save')
  return {
    words: id.split(':'),
    summary: oneLine(summary),
    flags: [...shown.map((flag) => flagOf(id, flag)), { name: 'help', summary: 'Show help.' }],
    args: Object.entries(args).map(([name, { options }]) => (options ? words(options) : argKind(name))),
    ...(rest && { rest }),
  }
}

function flagOf(
  id: string,
  { name, char, summary = '', type, options, helpValue }: DescribedFlag,
): CompletedFlag {
  const flag = { name, summary: oneLine(summary), ...(char && { char }) }
  if (type !== 'option') return flag
  if (options) return { ...flag, value: words(options) }
  if (id === 'exec' && name === 'only') return { ...flag, value: { is: 'only' } }
  return { ...flag, value: { is: helpValue === 'PATH' ? 'files' : 'nothing' } }
}

function argKind(name: string): Kind {
  if (name === 'name') return { is: 'names' }
  if (name === 'file') return { is: 'files' }
  return { is: name === 'command' ? 'commands' : 'nothing' }
}

const words = (options: readonly string[]): Kind => ({ is: 'words', words: [...options] })

/** Quotes and the like would have to be escaped differently in each shell; a summary does without. */
function oneLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/\.$/, '').replace(/[^A-Za-z0-9 ,;.()/_-]/g, '')
}
