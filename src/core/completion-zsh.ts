import {
  type CompletedCommand,
  type CompletedFlag,
  type Completions,
  firstWords,
  type Kind,
} from './completion.ts'

/** The script for zsh: a file `_tazpod` in a folder of $fpath. */
export function zshCompletion(all: Completions): string {
  const groups = [...new Set(all.commands.filter((c) => c.words.length > 1).map((c) => c.words[0] ?? ''))]
  const described = (list: { word: string; summary: string }[], indent: string): string =>
    list.map(({ word, summary }) => `${indent}'${word}:${summary}'`).join('\n')
  const below = (group: string): CompletedCommand[] => all.commands.filter(({ words }) => words[0] === group)
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
${described(firstWords(all), '        ')}
      )
      _describe command described ;;
    argument)
      case $line[1] in
${groups
  .map(
    (group) => `        ${group})
          if (( CURRENT == 2 )); then
            described=(
${described(
  below(group).map(({ words, summary }) => ({ word: words[1] ?? '', summary })),
  '              ',
)}
            )
            _describe command described
            return
          fi
          shift words; (( CURRENT-- ))
          case $words[1] in
${below(group)
  .map((command) => caseOf(command, command.words[1] ?? '', '            '))
  .join('\n')}
          esac ;;`,
  )
  .join('\n')}
${all.commands
  .filter(({ words }) => words.length === 1)
  .map((command) => caseOf(command, command.words[0] ?? '', '        '))
  .join('\n')}
      esac ;;
  esac
}

if [[ $funcstack[1] == _tazpod ]]; then _tazpod "$@"; else compdef _tazpod tazpod; fi
`
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
