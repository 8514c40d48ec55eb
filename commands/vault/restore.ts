import { file } from '@oclif/core/flags'
import { afterChange } from '../../src/app/session/after-change.ts'
import { vaultAccess } from '../../src/app/vault/access.ts'
import { restoreSource, restoreVault } from '../../src/app/vault/history.ts'
import { afterChangeLines } from '../../src/cli/after-change-lines.ts'
import { numberArgument } from '../../src/cli/arguments.ts'
import { passphraseFdFlag, TazpodCommand } from '../../src/cli/base-command.ts'
import { callerOf } from '../../src/cli/caller.ts'

export default class VaultRestore extends TazpodCommand {
  static override summary = 'Make an earlier content the current one again.'
  static override description =
    'It becomes a new generation; what the vault holds now is kept as well, so this can be undone the same way.'
  static override examples = [
    '<%= config.bin %> vault restore 7',
    '<%= config.bin %> vault restore --file backup.age',
  ]
  static override args = {
    generation: numberArgument({ min: 1, description: 'Number from `tazpod vault history`.' }),
  }
  static override flags = {
    file: file({ summary: 'Restore this vault file, such as a backup, instead.', helpValue: 'PATH' }),
    ...passphraseFdFlag,
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(VaultRestore)
    const from = this.finish(restoreSource(args.generation, flags.file))
    const access = this.finish(await vaultAccess(callerOf(flags)))
    const done = this.finish(await restoreVault(access, from))
    const human = `restored ${from}: now generation ${done.generation} with ${done.secrets} secrets`
    this.print(flags.json, { restored: from, ...done }, human)
    for (const line of afterChangeLines(await afterChange(process.cwd()))) this.note(line)
  }
}
