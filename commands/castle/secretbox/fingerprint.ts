import { castleHere } from '../../../src/castle/app/access.ts'
import { checkKey } from '../../../src/castle/app/secretbox/check.ts'
import { passphraseFdFlag, TazpodCommand } from '../../../src/cli/base-command.ts'
import { errandOf } from '../../../src/cli/errand.ts'

export default class SecretboxFingerprint extends TazpodCommand {
  static override summary = 'Print the keyed fingerprint of the stored key.'
  static override description =
    'The fingerprint is an HMAC under a key of its own in the store: it tells whether two keys are the same, and nothing about them.'
  static override examples = ['<%= config.bin %> castle secretbox fingerprint']
  static override flags = { ...passphraseFdFlag }

  override async run(): Promise<void> {
    const { flags } = await this.parse(SecretboxFingerprint)
    const { castle, secret, key, fingerprint, exitCode } = this.finish(
      await checkKey(this.finish(await castleHere(errandOf(flags))), undefined),
    )
    this.print(flags.json, { castle, secret, key, fingerprint }, fingerprint ?? `${secret} is ${key}`)
    process.exitCode = exitCode
  }
}
