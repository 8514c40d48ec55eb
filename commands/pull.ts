import { boolean, string } from '@oclif/core/flags'
import { pull } from '../src/app/session/pull.ts'
import type { Pulled } from '../src/app/session/pulled.ts'
import type { RefreshReport } from '../src/app/session/renew.ts'
import type { WritebackOptions } from '../src/app/session/writeback.ts'
import { passphraseFdFlag, TazpodCommand } from '../src/cli/base-command.ts'
import { callerOf } from '../src/cli/caller.ts'
import { failureText } from '../src/cli/failures.ts'
import { writeOut } from '../src/cli/output.ts'
import { lazyProgress } from '../src/cli/progress.ts'
import { missingLines, noteLine, pullLines } from '../src/cli/pull-lines.ts'
import { trustLines } from '../src/cli/trust-lines.ts'
import type { Result } from '../src/core/result.ts'

export default class Pull extends TazpodCommand {
  static override summary = 'Unlock: fetch the secrets and keep them in memory for commands.'
  static override description =
    'Asks for the passphrase on the terminal, or takes it from --passphrase-fd. While unlocked it fetches everything anew and asks for nothing, unless tazpod.yaml has changed. The set is replaced as a whole or not at all.'
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
    if (dir !== undefined) return this.writeBack({ ...callerOf(flags), dir, command })
    const line = lazyProgress('fetching')
    const done = await pull({
      ...callerOf(flags),
      remember: flags.remember,
      forget: flags.forget,
      offline: flags.offline,
      refresh: flags['for-refresh'],
      extend: flags.extend,
      renderTrust: trustLines,
      progress: (text) => line.update(text),
    }).finally(() => line.done())
    if (flags['for-refresh']) return this.report(done)
    const pulled = this.finish(done)
    for (const text of [...pulled.notes.map(noteLine), ...missingLines(pulled)]) this.note(text)
    // For exec, stdout belongs to the command that starts next.
    if (!flags.quiet && !flags['for-exec']) this.print(flags.json, pulled, pullLines(pulled))
  }

  /** For whoever has asked the session for it (`renew.ts`). */
  private report(done: Result<Pulled>): void {
    const report: RefreshReport = done.ok ? { pulled: done.value } : { failure: done.error }
    writeOut(`${JSON.stringify(report)}\n`)
    if (!done.ok) process.exitCode = failureText(done.error).exitCode
  }

  /** `exec` starts it behind a command that changed a file with `writeback:`; its stdout is the terminal's stderr. */
  private async writeBack(options: WritebackOptions): Promise<void> {
    const { writeBack } = await import('../src/app/session/writeback.ts')
    this.note(noteLine(this.finish(await writeBack(options))))
  }
}
