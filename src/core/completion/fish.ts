import {
  type CompletedCommand,
  type CompletedFlag,
  type Completions,
  commandTree,
  groupsOf,
  type Kind,
} from './tree.ts'

/** The script for fish: a file `tazpod.fish` in ~/.config/fish/completions. */
export function fishCompletion(all: Completions): string {
  const tree = commandTree(all)
  const first = tree.map(
    ({ word, summary }) => `complete -c tazpod -n '__tazpod_at 1' -a ${word} -d '${summary}'`,
  )
  const second = groupsOf(tree).flatMap(({ path, node }) => {
    const at = `__tazpod_at ${path.length + 1} ${path.join(' ')}`
    return node.children.map(
      ({ word, summary }) => `complete -c tazpod -n '${at}' -a ${word} -d '${summary}'`,
    )
  })
  return `# tazpod completion fish: put it into ~/.config/fish/completions/tazpod.fish.

# Whether word COUNT is being typed, behind WORDS.
function __tazpod_at
    set -l tokens (commandline -opc)
    test (count $tokens) -eq $argv[1]; or return 1
    test (count $argv) -eq 1; or test "$tokens[2..-1]" = "$argv[2..-1]"
end

# Whether the command is WORDS and an argument or a flag of it is being typed.
function __tazpod_in
    set -l tokens (commandline -opc)
    set -l end (math 1 + (count $argv))
    test (count $tokens) -ge $end; and test "$tokens[2..$end]" = "$argv"
end

# Where the command begins that exec runs; nothing: its own flags are being typed.
function __tazpod_start
    set -l tokens (commandline -opc) (commandline -ct)
    set -l at 3
    while test $at -le (count $tokens)
        switch $tokens[$at]
            case --
                math $at + 1
                return
            case --only --passphrase-fd
                set at (math $at + 2)
            case '-*'
                set at (math $at + 1)
            case '*'
                echo $at
                return
        end
    end
    return 1
end

function __tazpod_command
    set -l tokens (commandline -opc) (commandline -ct)
    set -l start (__tazpod_start); or return
    test $start -le (count $tokens); or return
    set -l before
    test $start -lt (count $tokens); and set before (string escape -- $tokens[$start..-2])
    complete -C "$before $tokens[-1]"
end

complete -c tazpod -f
${first.join('\n')}
complete -c tazpod -n '__tazpod_at 1' -l version -d 'Show the version'
${second.join('\n')}
${all.commands.flatMap((command) => linesOf(command)).join('\n')}
`
}

function linesOf(command: CompletedCommand): string[] {
  const { words, flags, args, rest } = command
  const inside = `__tazpod_in ${words.join(' ')}`
  const own = rest === 'command' ? `${inside}; and not __tazpod_start >/dev/null` : inside
  const lines = flags.map((flag) => flagLine(flag, own))
  if (rest === 'command') {
    lines.push(`complete -c tazpod -n '${inside}; and __tazpod_start >/dev/null' -a '(__tazpod_command)'`)
    lines.push(`complete -c tazpod -n '${own}' -a '(__fish_complete_command)'`)
  }
  if (rest === 'work') {
    const files = 'test -n "$TAZPOD_GHOST"; and path basename -- $TAZPOD_GHOST/work/*'
    lines.push(`complete -c tazpod -n '${inside}' -a '(${files})'`)
  }
  args.forEach((kind, i) => {
    const offered = offer(kind)
    const at = `__tazpod_at ${words.length + 1 + i} ${words.join(' ')}`
    if (offered !== '') lines.push(`complete -c tazpod -n '${i === 0 ? at : inside}' ${offered}`)
  })
  return lines
}

function flagLine({ name, char, summary, value }: CompletedFlag, condition: string): string {
  const short = char === undefined ? '' : ` -s ${char}`
  const takes = value === undefined ? '' : ` -x ${offer(value)}`
  return `complete -c tazpod -n '${condition}' -l ${name}${short}${takes} -d '${summary}'`.replace(
    / {2,}/g,
    ' ',
  )
}

function offer(kind: Kind): string {
  switch (kind.is) {
    case 'words':
      return `-a '${kind.words.join(' ')}'`
    case 'names':
      return `-a '(tazpod ghost names 2>/dev/null)'`
    case 'only':
      return `-a '(tazpod ghost names only 2>/dev/null)'`
    case 'files':
      return '-F'
    case 'commands':
      return `-a '(__fish_complete_command)'`
    case 'nothing':
      return ''
  }
}
