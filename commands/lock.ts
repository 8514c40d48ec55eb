import { boolean } from '@oclif/core/flags'
import { runNativeVerb } from '../src/app/session/native.ts'
import { TazpodCommand } from '../src/cli/base-command.ts'

export default class Lock extends TazpodCommand {
  static override summary = 'Wipe the secrets of this project from memory, at once.'
  static override description =
    'Lists the commands that still run with what they were given; --stop ends them, gently first. Answered by the native binary, without Node.'
  static override examples = [
    '<%= config.bin %> lock',
    { command: '<%= config.bin %> lock --all', description: 'Lock every session of yours' },
    { command: '<%= config.bin %> lock --stop', description: 'End what still runs as well' },
  ]
  static override flags = {
    all: boolean({ summary: 'Every session of yours, also of a folder that is gone or moved.' }),
    stop: boolean({ summary: 'End the commands that still run (SIGTERM, SIGKILL after a grace time).' }),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(Lock)
    const own = (['json', 'stop', 'all'] as const).filter((name) => flags[name])
    process.exitCode = this.finish(
      await runNativeVerb(
        'lock',
        own.map((name) => `--${name}` as const),
      ),
    )
  }
}
