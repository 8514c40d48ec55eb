import { bashCompletion } from '../../core/completion/bash.ts'
import { fishCompletion } from '../../core/completion/fish.ts'
import { type Completions, completionsOf, type DescribedCommand } from '../../core/completion/tree.ts'
import { zshCompletion } from '../../core/completion/zsh.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
type ShellName = (typeof SHELLS)[number]

const SCRIPTS: Record<ShellName, (all: Completions) => string> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
}

/** The completion script of a shell, made from what the commands say about themselves. */
export function completionScript(shell: ShellName, commands: readonly DescribedCommand[]): string {
  return SCRIPTS[shell](completionsOf(commands))
}
