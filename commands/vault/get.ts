import { boolean } from '@oclif/core/flags'
import { vaultAccess } from '../../src/app/vault/access.ts'
import { getSecret } from '../../src/app/vault/secrets.ts'
import { textArgument } from '../../src/cli/arguments.ts'
import { passphraseFdFlag, TazpodCommand } from '../../src/cli/base-command.ts'
import { callerOf } from '../../src/cli/caller.ts'
import { writeOut } from '../../src/cli/output.ts'

export default class VaultGet extends TazpodCommand {
  static override summary = 'Write the value of one secret to standard output.'
  static override description =
    'Byte for byte, with no newline added unless it goes to a terminal. With --json the value is base64.'
  static override examples = [
    {
      command: '<%= config.bin %> vault get --reveal DEPLOY_KEY > /dev/shm/key',
      description: 'Byte for byte',
    },
    '<%= config.bin %> vault get --reveal TOKEN',
  ]
  static override args = { name: textArgument({ required: true, description: 'Name of the secret.' }) }
  static override flags = {
    reveal: boolean({ summary: 'Yes, show the value.' }),
    ...passphraseFdFlag,
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(VaultGet)
    const access = this.finish(await vaultAccess(callerOf(flags)))
    const value = this.finish(await getSecret(access, args.name, flags.reveal))
    if (flags.json) this.print(true, { name: args.name, value: value.toString('base64') }, '')
    else writeOut(process.stdout.isTTY ? Buffer.concat([value, Buffer.from('\n')]) : value)
  }
}
