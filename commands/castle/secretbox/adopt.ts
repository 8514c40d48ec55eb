import { castleHere } from '../../../src/castle/app/access.ts'
import { adoptKey } from '../../../src/castle/app/secretbox/adopt.ts'
import { passphraseFdFlag, TazpodCommand } from '../../../src/cli/base-command.ts'
import { errandOf } from '../../../src/cli/errand.ts'

export default class SecretboxAdopt extends TazpodCommand {
  static override summary = 'Take over the key of a running cluster, from standard input.'
  static override description =
    'Keeps the key if the store has none, and records the cluster as living, so that no other key can be made for it. A different key in the store is never replaced.'
  static override examples = ['talosctl get machineconfig -o yaml | tazpod castle secretbox adopt']
  static override flags = { ...passphraseFdFlag }

  override async run(): Promise<void> {
    const { flags } = await this.parse(SecretboxAdopt)
    const open = this.finish(await castleHere(errandOf(flags)))
    const key = this.finish(await adoptKey(open, flags['passphrase-fd']))
    this.print(flags.json, key, [
      `${key.secret}: the key of the running cluster`,
      `fingerprint ${key.fingerprint}`,
    ])
  }
}
