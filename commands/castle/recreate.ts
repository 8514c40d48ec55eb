import { recreateCastle } from '../../src/castle/app/terraform.ts'
import { destroyFlags, runLines, runOptions } from '../../src/castle/cli/run.ts'
import { TazpodCommand } from '../../src/cli/base-command.ts'

export default class CastleRecreate extends TazpodCommand {
  static override summary = 'Destroy the cluster, make a new secretbox key, and apply again.'
  static override description =
    'Goes on where the last run was stopped. Only the recorded death lets another key in.'
  static override examples = ['<%= config.bin %> castle recreate --plan', '<%= config.bin %> castle recreate']
  static override usage = 'castle recreate [-- ARGUMENT…]'
  static override strict = false
  static override flags = { ...destroyFlags }

  override async run(): Promise<void> {
    const { flags, argv } = await this.parse(CastleRecreate)
    const done = this.finish(await recreateCastle(runOptions(flags, argv)))
    this.print(flags.json, done, runLines(done))
    process.exitCode = done.exitCode
  }
}
