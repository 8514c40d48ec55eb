import { boolean, string } from '@oclif/core/flags'
import { pull } from '../src/app/session/pull.ts'
import { passphraseFdFlag, TazpodCommand } from '../src/cli/base-command.ts'
import { lazyProgress } from '../src/cli/progress.ts'
import { missingLines, noteLine, pullLines } from '../src/cli/pull-lines.ts'
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
    offline: boolean({
      summary: 'Use the encrypted copy of the last pull instead of the server.',
      description: 'Needs `offline: true` under `infisical:` in tazpod.yaml.',
    }),
    'for-exec': boolean({ hidden: true }),
    'for-refresh': boolean({ hidden: true }),
    'for-writeback': string({ hidden: true }),
    'for-command': string({ hidden: true, dependsOn: ['for-writeback'] }),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(Pull)
    const { 'for-writeback': dir, 'for-command': command = 'the command' } = flags
    if (dir !== undefined) return this.writeBack(dir, command)
    const line = lazyProgress('fetching')
    const pulled = this.finish(
      await pull({
        env: process.env,
        cwd: process.cwd(),
        passphraseFd: flags['passphrase-fd'],
        nonInteractive: flags['non-interactive'],
        remember: flags.remember,
        forget: flags.forget,
        offline: flags.offline,
        refresh: flags['for-refresh'],
        extend: flags.extend,
        renderTrust: trustLines,
        say: (text) => this.note(text),
        progress: (text) => line.update(text),
      }).finally(() => line.done()),
    )
    for (const text of [...pulled.notes.map(noteLine), ...missingLines(pulled)]) this.note(text)
    // For exec, stdout belongs to the command that starts next.
    if (!flags.quiet && !flags['for-exec'] && !flags['for-refresh'])
      this.print(flags.json, pulled, pullLines(pulled))
  }

  /** `exec` starts it behind a command that changed a file with `writeback:`; its stdout is the terminal's stderr. */
  private async writeBack(dir: string, command: string): Promise<void> {
    const { writeBack } = await import('../src/app/session/writeback.ts')
    const say = (text: string) => this.note(text)
    const told = await writeBack({
      env: process.env,
      cwd: process.cwd(),
      dir,
      command,
      renderTrust: trustLines,
      say,
    })
    this.note(noteLine(this.finish(told)))
  }
}
