import { destroyCastle } from '../../src/castle/app/terraform.ts'
import { destroyFlags, runLines, runOptions } from '../../src/castle/cli/run.ts'
import { TazpodCommand } from '../../src/cli/base-command.ts'

export default class CastleDestroy extends TazpodCommand {
  static override summary = 'Destroy the cluster and record its death; its state is kept.'
  static override description =
    'What lives inside of the cluster (kubernetes_, helm_, kubectl_, flux_) leaves the state first, because its API dies with it; the list is shown and the name of the castle asked for. Every step can be repeated after an interruption.'
  static override examples = [
    '<%= config.bin %> castle destroy --plan',
    '<%= config.bin %> castle destroy --confirm blue',
  ]
  static override usage = 'castle destroy [-- ARGUMENT…]'
  static override strict = false
  static override flags = { ...destroyFlags }

  override async run(): Promise<void> {
    const { flags, argv } = await this.parse(CastleDestroy)
    const done = this.finish(await destroyCastle(runOptions(flags, argv)))
    this.print(flags.json, done, runLines(done))
    process.exitCode = done.exitCode
  }
}
