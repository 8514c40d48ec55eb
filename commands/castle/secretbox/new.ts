import { castleHere } from '../../../src/castle/app/access.ts'
import { newKey } from '../../../src/castle/app/secretbox/new.ts'
import { passphraseFdFlag, TazpodCommand } from '../../../src/cli/base-command.ts'
import { errandOf } from '../../../src/cli/errand.ts'

export default class SecretboxNew extends TazpodCommand {
  static override summary = "Make the key of this castle's Secrets in etcd, if there is none."
  static override description =
    '32 bytes from the kernel go straight into the store: never an argument, never shown, never on the disk. Only a keyed fingerprint is recorded in castle.json. The key of a cluster that is not recorded as destroyed is never replaced, because nothing could read its Secrets afterwards.'
  static override examples = ['<%= config.bin %> castle secretbox new']
  static override flags = { ...passphraseFdFlag }

  override async run(): Promise<void> {
    const { flags } = await this.parse(SecretboxNew)
    const key = this.finish(await newKey(this.finish(await castleHere(errandOf(flags)))))
    const words = {
      created: 'created',
      exists: 'was there already',
      replaced: 'replaced after its cluster died',
    }
    this.print(flags.json, key, [`${key.secret}: ${words[key.outcome]}`, `fingerprint ${key.fingerprint}`])
  }
}
