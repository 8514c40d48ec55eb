import { boolean, string } from '@oclif/core/flags'
import { explain } from '../src/app/session/explain.ts'
import { execRefused } from '../src/app/session/native.ts'
import { passphraseFdFlag, TazpodCommand } from '../src/cli/base-command.ts'
import { splitCommand } from '../src/cli/command-line.ts'
import { explainLines } from '../src/cli/explain-lines.ts'

export default class Exec extends TazpodCommand {
  static override summary = 'Run a command with the secrets that it is granted, and only those.'
  static override description =
    'Asks for the passphrase when locked. The command takes the place of tazpod: same terminal, signals, exit code. Answered by the native binary, without Node, while unlocked.'
  static override usage = 'exec [--only NAME]… [--force] [--] COMMAND [ARGUMENT]…'
  static override examples = [
    '<%= config.bin %> exec -- terraform apply',
    '<%= config.bin %> exec --explain -- terraform apply',
  ]
  static override strict = false
  static override flags = {
    ...passphraseFdFlag,
    only: string({
      summary: 'Hand over only this secret or bind; may be repeated.',
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
    }),
    force: boolean({ summary: 'Also with a TF_LOG that would hold what terraform is granted.' }),
    explain: boolean({ summary: 'Show what the command would get; run nothing.' }),
  }

  override async run(): Promise<void> {
    const { own, command } = splitCommand(this.argv, ['--only', '--passphrase-fd'])
    const { flags } = await this.parse(Exec, own)
    const [name] = command
    if (flags.explain && name !== undefined) {
      const explained = this.finish(await explain(process.cwd(), name, flags.only ?? []))
      return this.print(flags.json, explained, explainLines(explained))
    }
    this.finish(execRefused(name))
  }
}
