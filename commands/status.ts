import { runNativeVerb } from '../src/app/native.ts'
import { TazpodCommand } from '../src/cli/base-command.ts'

export default class Status extends TazpodCommand {
  static override summary = 'Show whether this project is unlocked, until when, and what runs.'
  static override description = 'Answered by the native binary, without Node. `--json` for scripts.'
  static override examples = ['<%= config.bin %> status', '<%= config.bin %> status --json']

  override async run(): Promise<void> {
    const { flags } = await this.parse(Status)
    process.exitCode = this.finish(await runNativeVerb('status', flags.json ? ['--json'] : []))
  }
}
