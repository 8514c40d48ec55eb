import { boolean } from '@oclif/core/flags'
import { init } from '../src/app/setup/init.ts'
import { passphraseFdFlag, TazpodCommand } from '../src/cli/base-command.ts'
import { callerOf } from '../src/cli/caller.ts'
import { initLines } from '../src/cli/init-lines.ts'

export default class Init extends TazpodCommand {
  static override summary = 'Set up this folder: tazpod.yaml, placeholders, .gitignore, a vault.'
  static override description =
    "Reads the original TazPod's secrets.yml where there is one. What exists is kept: in a fresh clone it only adds what is missing."
  static override examples = [
    '<%= config.bin %> init',
    {
      command: '<%= config.bin %> init --own-vault',
      description: 'With a vault beside tazpod.yaml, for a team that shares it',
    },
  ]
  static override flags = {
    ...passphraseFdFlag,
    force: boolean({ summary: 'Replace an existing tazpod.yaml.' }),
    'own-vault': boolean({ summary: 'Give the project a vault of its own, in .tazpod/.' }),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(Init)
    const done = this.finish(
      await init({
        ...callerOf(flags),
        force: flags.force,
        ownVault: flags['own-vault'],
      }),
    )
    this.print(flags.json, done, initLines(done))
  }
}
