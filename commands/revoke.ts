import { boolean } from '@oclif/core/flags'
import { revokeFromStdin } from '../src/app/provider/infisical/revoke.ts'
import { TazpodCommand } from '../src/cli/base-command.ts'
import { EXIT } from '../src/cli/failures.ts'

/** At most this long, in ms; the monitor gives up a little later. */
const PATIENCE = 10_000

export default class Revoke extends TazpodCommand {
  static override summary = 'End the tokens of a locked session (started by tazpod itself).'
  static override description =
    'The monitor starts it at the lock and hands it the tokens on standard input. The outcome is in the activity log.'
  static override examples = ['<%= config.bin %> revoke --from-monitor']
  static override hidden = true
  static override flags = { 'from-monitor': boolean({ required: true, hidden: true }) }

  override async run(): Promise<void> {
    const { flags } = await this.parse(Revoke)
    const done = this.finish(await revokeFromStdin(process.env, PATIENCE))
    this.print(flags.json, done, `${done.revoked} revoked, ${done.failed.length} not`)
    if (done.failed.length > 0) process.exitCode = EXIT.unavailable
  }
}
