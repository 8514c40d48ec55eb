import {
  type CommandNode,
  type CompletedCommand,
  type CompletedFlag,
  type Completions,
  commandTree,
  type Kind,
} from './tree.ts'

/** The script for zsh: a file `_tazpod` in a folder of $fpath. */
export function zshCompletion(all: Completions): string {
  const tree = commandTree(all)
  return `#compdef tazpod
# tazpod completion zsh: put it into a folder of $fpath as _tazpod,
# or write  source <(tazpod completion zsh)  behind compinit in ~/.zshrc.

_tazpod_names() {
  local -a names
  names=(\${(f)"$(_call_program names tazpod ghost names $1 2>/dev/null)"})
  compadd -a names
}

_tazpod_work() {
  _files -W "\${TAZPOD_GHOST:-/nonexistent}/work"
}

# Completes the words from INDEX on as if they stood alone.
_tazpod_rest() { # INDEX
  shift $(( $1 - 1 )) words
  (( CURRENT -= $1 - 1 ))
  _normal
}

# The words of exec: its own flags, given as arguments, until the command begins.
_tazpod_exec() { # SPECS...
  local -i i=2
  while (( i < CURRENT )); do
    case $words[i] in
      --) _tazpod_rest $(( i + 1 )); return ;;
      --only|--passphrase-fd) (( i += 2 )) ;;
      -*) (( i++ )) ;;
      *) _tazpod_rest $i; return ;;
    esac
  done
  if (( i > CURRENT )) || [[ $words[CURRENT] == -* ]]; then _arguments "$@"; else _tazpod_rest $i; fi
}

_tazpod() {
  local curcontext=$curcontext state line
  local -a described
  typeset -A opt_args
  _arguments -C '(- *)--help[Show help]' '(- *)--version[Show the version]' '1:command:->command' '*::argument:->argument'
  case $state in
    command)
      described=(
${described(tree, '        ')}
      )
      _describe command described ;;
    argument)
      case $line[1] in
${tree.map((node) => nodeCase(node, '        ')).join('\n')}
      esac ;;
  esac
}

if [[ $funcstack[1] == _tazpod ]]; then _tazpod "$@"; else compdef _tazpod tazpod; fi
`
}

function described(nodes: readonly CommandNode[], indent: string): string {
  return nodes.map(({ word, summary }) => `${indent}'${word}:${summary}'`).join('\n')
}

/** A group asks for a further word first; where it is a command too, any other word is that command's own. */
function nodeCase({ word, command, children }: CommandNode, indent: string): string {
  if (children.length === 0) return command === undefined ? '' : caseOf(command, word, indent)
  const typing = command === undefined ? '' : ' && [[ $words[2] != -* ]]'
  const own = command === undefined ? '' : `\n${caseOf(command, '*', `${indent}    `)}`
  return `${indent}${word})
${indent}  if (( CURRENT == 2 ))${typing}; then
${indent}    described=(
${described(children, `${indent}      `)}
${indent}    )
${indent}    _describe command described
${indent}    return
${indent}  fi
${indent}  case $words[2] in
${indent}    ${children.map((child) => child.word).join('|')})
${indent}      shift words; (( CURRENT-- ))
${indent}      case $words[1] in
${children.map((child) => nodeCase(child, `${indent}        `)).join('\n')}
${indent}      esac ;;${own}
${indent}  esac ;;`
}

function caseOf({ flags, args, rest }: CompletedCommand, word: string, indent: string): string {
  const specs = flags.flatMap(flagSpecs)
  if (rest === 'command') return `${indent}${word})\n${indent}  _tazpod_exec ${specs.join(' ')} ;;`
  if (rest === 'work') specs.push(`'*:file:_tazpod_work'`)
  else specs.push(...args.map((kind, i) => `'${i + 1}:argument:${action(kind)}'`))
  return `${indent}${word})\n${indent}  _arguments -S ${specs.join(' ')} ;;`
}

function flagSpecs({ name, char, summary, value }: CompletedFlag): string[] {
  const tail = `[${summary}]${value === undefined ? '' : `:value:${action(value)}`}`
  // exec takes --only several times.
  const long = `'*--${name}${value === undefined ? '' : '='}${tail}'`
  return char === undefined ? [long] : [long, `'*-${char}${tail}'`]
}

/** With a blank in front nothing is put between its words (zshcompsys(1), _arguments). */
function action(kind: Kind): string {
  switch (kind.is) {
    case 'words':
      return `(${kind.words.join(' ')})`
    case 'names':
      return '_tazpod_names'
    case 'only':
      return ' _tazpod_names only'
    case 'files':
      return '_files'
    case 'commands':
      return ' _command_names -e'
    case 'nothing':
      return ' '
  }
}
