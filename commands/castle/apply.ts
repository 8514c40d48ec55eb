import { applyCastle } from '../../src/castle/app/terraform.ts'
import { runFlags, runLines, runOptions } from '../../src/castle/cli/run.ts'
import { TazpodCommand } from '../../src/cli/base-command.ts'

export default class CastleApply extends TazpodCommand {
  static override summary = 'Run terraform apply; the state goes into the vault before and after.'
  static override description =
    'The castle counts as living from the first machine in its state on. Refused when the stored secretbox key is not the recorded one. What stands behind -- goes to terraform, for example -auto-approve.'
  static override examples = [
    '<%= config.bin %> castle apply',
    '<%= config.bin %> castle apply -- -auto-approve',
  ]
  static override usage = 'castle apply [-- ARGUMENT…]'
  static override strict = false
  static override flags = { ...runFlags }

  override async run(): Promise<void> {
    const { flags, argv } = await this.parse(CastleApply)
    const done = this.finish(await applyCastle(runOptions(flags, argv)))
    this.print(flags.json, done, runLines(done))
    process.exitCode = done.exitCode
  }
}
