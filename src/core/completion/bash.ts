import {
  type CompletedCommand,
  type Completions,
  commandTree,
  type Group,
  groupsOf,
  type Kind,
} from './tree.ts'

/** The script for bash (4 or newer). Needs no bash-completion; where that is there, it loads what a command brings. */
export function bashCompletion(all: Completions): string {
  const tree = commandTree(all)
  const first = tree.map(({ word }) => word)
  return `# tazpod completion bash: put it into ~/.local/share/bash-completion/completions/tazpod,
# or write  source <(tazpod completion bash)  into ~/.bashrc.

_tazpod_words() { # WORDS...
  mapfile -t COMPREPLY < <(compgen -W "$*" -- "$cur")
}

_tazpod_files() {
  compopt -o filenames
  mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

_tazpod_work() {
  local folder=\${TAZPOD_GHOST:-/nonexistent}/work
  compopt -o filenames
  mapfile -t COMPREPLY < <(cd "$folder" 2>/dev/null && compgen -f -- "$cur")
}

# Completes the words from INDEX on as if they stood alone.
_tazpod_command() { # INDEX
  local index=$1 spec name
  if (( COMP_CWORD == index )); then
    compopt -o filenames
    mapfile -t COMPREPLY < <(compgen -c -- "$cur"; [[ $cur == */* ]] && compgen -f -- "$cur")
    return
  fi
  COMP_WORDS=("\${COMP_WORDS[@]:index}")
  COMP_CWORD=$((COMP_CWORD - index))
  COMP_LINE=\${COMP_WORDS[*]}
  COMP_POINT=\${#COMP_LINE}
  name=\${COMP_WORDS[0]##*/}
  if ! complete -p "$name" &>/dev/null; then
    if declare -F _comp_load >/dev/null; then _comp_load -- "$name"
    elif declare -F _completion_loader >/dev/null; then _completion_loader "$name"
    fi &>/dev/null
  fi
  spec=$(complete -p "$name" 2>/dev/null)
  case $spec in
    *' -F '*)
      spec=\${spec#* -F }
      "\${spec%% *}" "$name" "$cur" "\${COMP_WORDS[COMP_CWORD-1]}" ;;
    *' -W '*) eval "mapfile -t COMPREPLY < <(compgen -W \${spec#* -W })" ;;
    *) _tazpod_files ;;
  esac
}

_tazpod() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} program=\${COMP_WORDS[0]} command i=1 count=0
  COMPREPLY=()
  if [[ $cur == = ]]; then cur=
  elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  if (( COMP_CWORD == 1 )); then
    _tazpod_words ${[...first, 'help', '--help', '--version'].join(' ')}
    return
  fi
  command=\${COMP_WORDS[1]} i=2
  [[ $command == help ]] && { _tazpod_words ${first.join(' ')}; return; }
${groupsOf(tree).map(groupCase).join('\n')}
  case $command in
${all.commands.map(caseOf).join('\n')}
  esac
}
complete -F _tazpod tazpod
`
}

/** A further word of a group; where the group is a command too, any other word is that command's own. */
function groupCase({ path, node }: Group): string {
  const at = path.length + 1
  const words = node.children.map(({ word }) => word)
  const typing = node.command === undefined ? '' : ' && [[ $cur != -* ]]'
  return `  if [[ $command == '${path.join(' ')}' ]]; then
    if (( COMP_CWORD == ${at} ))${typing}; then _tazpod_words ${words.join(' ')}; return; fi
    case \${COMP_WORDS[${at}]} in
      ${words.join('|')}) command+=" \${COMP_WORDS[${at}]}" i=${at + 1} ;;
    esac
  fi`
}

function caseOf(command: CompletedCommand): string {
  const { words, flags, rest } = command
  const valued = flags.filter(({ value }) => value !== undefined)
  const lines: string[] = []
  if (rest === 'command') {
    const skip = valued.map(({ name }) => `--${name}`).join('|')
    lines.push(
      'while (( i < COMP_CWORD )); do',
      `  case \${COMP_WORDS[i]} in`,
      '    --) _tazpod_command $((i + 1)); return ;;',
      `    ${skip}) [[ \${COMP_WORDS[i+1]} == = ]] && ((i += 3)) || ((i += 2)) ;;`,
      '    -*) ((i++)) ;;',
      '    *) _tazpod_command $i; return ;;',
      '  esac',
      'done',
    )
  }
  if (valued.length > 0) {
    lines.push('case $prev in')
    for (const { name, char, value } of valued)
      lines.push(`  ${char ? `-${char}|` : ''}--${name}) ${offer(value ?? { is: 'nothing' })}; return ;;`)
    lines.push('esac')
  }
  const names = flags.map(({ name }) => `--${name}`).join(' ')
  lines.push(`if [[ $cur == -* ]]; then _tazpod_words ${names}; return; fi`)
  lines.push(...argumentLines(command))
  return [`    '${words.join(' ')}')`, ...lines.map((line) => `      ${line}`), '      ;;'].join('\n')
}

function argumentLines({ args, rest }: CompletedCommand): string[] {
  if (rest === 'command') return ['_tazpod_command $i']
  if (rest === 'work') return ['_tazpod_work']
  if (args.length === 0) return []
  return [
    `for (( ; i < COMP_CWORD; i++ )); do [[ \${COMP_WORDS[i]} == -* ]] || ((count++)); done`,
    'case $count in',
    ...args.map((kind, i) => `  ${i}) ${offer(kind)} ;;`),
    'esac',
  ]
}

function offer(kind: Kind): string {
  switch (kind.is) {
    case 'words':
      return `_tazpod_words ${kind.words.join(' ')}`
    case 'names':
      return '_tazpod_words "$("$program" ghost names 2>/dev/null)"'
    case 'only':
      return '_tazpod_words "$("$program" ghost names only 2>/dev/null)"'
    case 'files':
      return '_tazpod_files'
    case 'commands':
      return 'mapfile -t COMPREPLY < <(compgen -c -- "$cur")'
    case 'nothing':
      return ':'
  }
}
