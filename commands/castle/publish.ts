import { option } from '@oclif/core/flags'
import { castleHere } from '../../src/castle/app/access.ts'
import { publish } from '../../src/castle/app/publish.ts'
import { passphraseFdFlag, TazpodCommand } from '../../src/cli/base-command.ts'
import { errandOf } from '../../src/cli/errand.ts'
import { table, wholeRows } from '../../src/cli/table.ts'

export default class CastlePublish extends TazpodCommand {
  static override summary = 'Put kubeconfig and talosconfig of the cluster into the store.'
  static override description =
    "Byte for byte, from terraform's outputs or from $TAZPOD_GHOST/work, the commands' shared folder in memory; never through the disk. A second run changes nothing. Then tazpod pull, and kubectl has them."
  static override examples = [
    '<%= config.bin %> castle publish',
    '<%= config.bin %> castle publish --from work',
  ]
  static override flags = {
    ...passphraseFdFlag,
    from: option({
      options: ['outputs', 'work'] as const,
      default: 'outputs' as const,
      summary: 'Where they are.',
    })(),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(CastlePublish)
    const open = this.finish(await castleHere(errandOf(flags)))
    const ghost = process.env.TAZPOD_GHOST
    const done = this.finish(await publish(open, { from: flags.from, ghost }))
    const rows = done.published.map(({ what, name, size, change }) => [what, name, String(size), change])
    this.print(flags.json, done, table(['what', 'secret', 'bytes', 'change'], rows, wholeRows()))
  }
}
