import { boolean } from '@oclif/core/flags'
import { pull } from '../src/app/pull.ts'
import { passphraseFdFlag, TazpodCommand } from '../src/cli/base-command.ts'
import { missingLines, pullLines } from '../src/cli/pull-lines.ts'
import { trustLines } from '../src/cli/trust-lines.ts'

export default class Pull extends TazpodCommand {
  static override summary = 'Unlock: fetch the secrets and keep them in memory for commands.'
  static override description =
    'Asks for the passphrase on the terminal, or takes it from --passphrase-fd. While unlocked it fetches everything anew and asks for nothing. The set is replaced as a whole or not at all.'
  static override examples = [
    '<%= config.bin %> pull',
    { command: '<%= config.bin %> pull --passphrase-fd 3 3< passphrase.txt', description: 'In a script' },
  ]
  static override flags = {
    ...passphraseFdFlag,
    remember: boolean({ summary: "Keep the passphrase in the desktop's secret service." }),
    forget: boolean({ summary: 'Remove it from there.', exclusive: ['remember'] }),
    extend: boolean({
      summary: 'Ask for the passphrase even while unlocked: the time until it locks starts anew.',
    }),
    quiet: boolean({ summary: 'Print nothing when it works.', char: 'q' }),
    'for-exec': boolean({ hidden: true }),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(Pull)
    const pulled = this.finish(
      await pull({
        env: process.env,
        cwd: process.cwd(),
        passphraseFd: flags['passphrase-fd'],
        nonInteractive: flags['non-interactive'],
        remember: flags.remember,
        forget: flags.forget,
        extend: flags.extend,
        renderTrust: trustLines,
        say: (line) => this.note(line),
      }),
    )
    for (const line of missingLines(pulled)) this.note(line)
    // For exec, stdout belongs to the command that starts next.
    if (!flags.quiet && !flags['for-exec']) this.print(flags.json, pulled, pullLines(pulled))
  }
}
