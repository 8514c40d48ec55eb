import { boolean } from '@oclif/core/flags'
import { runNativeVerb } from '../src/app/session/native.ts'
import { TazpodCommand } from '../src/cli/base-command.ts'

export default class Status extends TazpodCommand {
  static override summary = 'Show whether this project is unlocked, until when, and what runs.'
  static override description =
    'Answered by the native binary, without Node. `--json` for scripts, `--prompt` for the prompt of a shell: `lab 11h59m`, `lab locked`, nothing outside a project.'
  static override examples = [
    '<%= config.bin %> status',
    '<%= config.bin %> status --json',
    '<%= config.bin %> status --prompt',
    { command: '<%= config.bin %> status --all', description: 'Every session of yours, in whatever folder' },
  ]
  static override flags = {
    all: boolean({
      summary: 'Every session of yours, also of a folder that is gone.',
      exclusive: ['prompt'],
    }),
    prompt: boolean({ summary: 'Print a few characters for a prompt.', exclusive: ['json'] }),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(Status)
    const own = flags.json ? (['--json'] as const) : flags.prompt ? (['--prompt'] as const) : []
    const all = flags.all ? (['--all'] as const) : []
    process.exitCode = this.finish(await runNativeVerb('status', [...own, ...all]))
  }
}
