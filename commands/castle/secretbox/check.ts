import { string } from '@oclif/core/flags'
import { castleHere } from '../../../src/castle/app/access.ts'
import { checkKey } from '../../../src/castle/app/secretbox/check.ts'
import { secretboxLines } from '../../../src/castle/cli/secretbox.ts'
import { passphraseFdFlag, TazpodCommand } from '../../../src/cli/base-command.ts'
import { errandOf } from '../../../src/cli/errand.ts'

export default class SecretboxCheck extends TazpodCommand {
  static override summary = 'Check the stored key, and whether it opens the Secrets in etcd.'
  static override description =
    'Compares the stored key with the recorded fingerprint. With --etcd it reads a snapshot, the JSON of etcdctl, or one value, and says of each Secret whether it is encrypted and whether this key opens it. That a cluster uses the key is proved only by its own etcd.'
  static override examples = ['tazpod castle secretbox check --etcd db.snapshot']
  static override flags = {
    etcd: string({ summary: 'A snapshot or value of etcd.', helpValue: 'FILE' }),
    ...passphraseFdFlag,
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(SecretboxCheck)
    const { exitCode, ...check } = this.finish(
      await checkKey(this.finish(await castleHere(errandOf(flags))), flags.etcd),
    )
    this.print(flags.json, check, secretboxLines(check))
    process.exitCode = exitCode
  }
}
