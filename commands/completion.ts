import { completionScript, SHELLS } from '../src/app/setup/completion.ts'
import { textArgument } from '../src/cli/arguments.ts'
import { TazpodCommand } from '../src/cli/base-command.ts'

export default class Completion extends TazpodCommand {
  static override summary = 'Print what makes a shell complete the words of tazpod.'
  static override description =
    'Commands, flags, names of secrets, and behind `exec` the completion of the command itself. The script is made once; at a Tab only the native part runs.'
  static override examples = [
    'tazpod completion bash > ~/.local/share/bash-completion/completions/tazpod',
    'tazpod completion zsh > ~/.zfunc/_tazpod',
    'tazpod completion fish > ~/.config/fish/completions/tazpod.fish',
  ]
  static override args = {
    shell: textArgument({ required: true, options: [...SHELLS], description: 'bash, zsh or fish' }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(Completion)
    const shell = SHELLS.find((name) => name === args.shell) ?? 'bash'
    const script = completionScript(shell, this.config.commands)
    this.print(flags.json, { shell, script }, script.trimEnd())
  }
}
