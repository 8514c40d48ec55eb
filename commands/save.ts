import { boolean } from '@oclif/core/flags'
import { saveFiles } from '../src/app/session/save.ts'
import { vaultAccess } from '../src/app/vault/access.ts'
import { passphraseFdFlag, TazpodCommand } from '../src/cli/base-command.ts'
import { callerOf } from '../src/cli/caller.ts'
import { table } from '../src/cli/table.ts'

export default class Save extends TazpodCommand {
  static override summary = 'Put files of $TAZPOD_GHOST/work into the vault.'
  static override description =
    'Commands of one session share the folder $TAZPOD_GHOST/work, in memory, until lock. What should outlive it is saved here, byte for byte. Runs inside a command that tazpod started.'
  static override usage = 'save NAME…'
  static override examples = ['<%= config.bin %> exec -- tazpod save join-token.txt']
  static override strict = false
  static override flags = {
    ...passphraseFdFlag,
    all: boolean({ summary: 'Save every file of the folder.' }),
  }

  override async run(): Promise<void> {
    const { flags, argv } = await this.parse(Save)
    const access = this.finish(await vaultAccess(callerOf(flags)))
    const options = { ghost: process.env.TAZPOD_GHOST, names: argv.map(String), all: flags.all }
    const saved = this.finish(await saveFiles(access, options))
    const rows = saved.map(({ name, size }) => [name, String(size)])
    this.print(
      flags.json,
      { saved },
      saved.length === 0 ? 'nothing to save' : table(['saved', 'bytes'], rows),
    )
  }
}
