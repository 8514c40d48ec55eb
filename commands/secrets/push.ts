import { string } from '@oclif/core/flags'
import { pushSecret } from '../../src/app/provider/infisical/push.ts'
import { vaultAccess } from '../../src/app/vault/access.ts'
import { newValue, withoutLineEnd } from '../../src/app/vault/secrets.ts'
import { textArgument } from '../../src/cli/arguments.ts'
import { passphraseFdFlag, TazpodCommand } from '../../src/cli/base-command.ts'
import { errandOf } from '../../src/cli/errand.ts'

export default class SecretsPush extends TazpodCommand {
  static override summary = 'Create a secret in Infisical, or give it a new value.'
  static override description =
    'The value comes from standard input, byte for byte; on a terminal it is asked for, hidden. It is read back and compared. A value that Infisical would change (white space at its ends, binary) is refused before it is sent.'
  static override examples = [
    '<%= config.bin %> secrets push PROXMOX_TOKEN < token.txt',
    'openssl rand -base64 32 | <%= config.bin %> secrets push API_KEY --path /apps',
  ]
  static override args = { name: textArgument({ required: true, description: 'Letters, digits and _.' }) }
  static override flags = {
    path: string({
      summary: 'Folder; where it is already, or the first of tazpod.yaml, unless said otherwise.',
      helpValue: '/FOLDER',
    }),
    ...passphraseFdFlag,
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(SecretsPush)
    const errand = errandOf(flags)
    const access = this.finish(await vaultAccess(errand))
    const given = this.finish(await newValue(access, args.name))
    const { value, remark } = withoutLineEnd(given)
    const push = { name: args.name, value, path: flags.path }
    const done = await pushSecret(access, errand, push).finally(() => given.fill(0))
    const pushed = this.finish(done)
    const { name, path, change, size, fingerprint } = pushed
    const words = { created: 'created', updated: 'updated', same: 'as it was' }[change]
    this.print(flags.json, pushed, `${name}: ${words} in ${path}, ${size} bytes, fingerprint ${fingerprint}`)
    if (remark !== undefined) this.note(remark)
    if (change !== 'same') this.note('commands get it with the next tazpod pull')
  }
}
