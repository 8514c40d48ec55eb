import { planCastle } from '../../src/castle/app/terraform.ts'
import { runFlags, runLines, runOptions } from '../../src/castle/cli/run.ts'
import { TazpodCommand } from '../../src/cli/base-command.ts'

export default class CastlePlan extends TazpodCommand {
  static override summary = 'Run terraform plan with what this castle is granted.'
  static override description =
    'First everything is checked that would hurt later: unlocked long enough, placeholders bound, a state that only you read, no committed value in front of an injected one, no verbose TF_LOG. What stands behind -- goes to terraform.'
  static override examples = [
    '<%= config.bin %> castle plan',
    '<%= config.bin %> castle plan -- -detailed-exitcode',
  ]
  static override usage = 'castle plan [-- ARGUMENT…]'
  static override strict = false
  static override flags = { ...runFlags }

  override async run(): Promise<void> {
    const { flags, argv } = await this.parse(CastlePlan)
    const done = this.finish(await planCastle(runOptions(flags, argv)))
    this.print(flags.json, done, runLines(done))
    process.exitCode = done.exitCode
  }
}
