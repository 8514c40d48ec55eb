import { afterChange } from '../../src/app/session/after-change.ts'
import { vaultAccess } from '../../src/app/vault/access.ts'
import { removeSecrets } from '../../src/app/vault/secrets.ts'
import { afterChangeLines } from '../../src/cli/after-change-lines.ts'
import { textArgument } from '../../src/cli/arguments.ts'
import { passphraseFdFlag, TazpodCommand } from '../../src/cli/base-command.ts'
import { callerOf } from '../../src/cli/caller.ts'

export default class VaultRm extends TazpodCommand {
  static override summary = 'Remove secrets from the vault: all of those named, or none.'
  static override description = 'The last 10 generations still hold them until ten more changes were made.'
  static override examples = ['<%= config.bin %> vault rm OLD_TOKEN OLD_KEY']
  static override args = {
    name: textArgument({ required: true, multiple: true, description: 'Names of the secrets.' }),
  }
  static override flags = { ...passphraseFdFlag }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(VaultRm)
    const access = this.finish(await vaultAccess(callerOf(flags)))
    this.finish(await removeSecrets(access, args.name))
    this.print(flags.json, { removed: args.name }, `removed ${args.name.join(', ')}`)
    for (const line of afterChangeLines(await afterChange(process.cwd()))) this.note(line)
  }
}
