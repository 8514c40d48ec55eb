import { boolean } from '@oclif/core/flags'
import { dashboardSource } from '../src/app/dashboard/source.ts'
import { TazpodCommand } from '../src/cli/base-command.ts'
import { callerOf } from '../src/cli/caller.ts'
import { overviewLines } from '../src/cli/overview-lines.ts'
import { trustLines } from '../src/cli/trust-lines.ts'

/** Lines of the log that --plain and --json show. */
const RECENT = 20

export default class Dashboard extends TazpodCommand {
  static override summary = 'See and steer on one screen what is unlocked.'
  static override description =
    'Secrets, running commands, time left and activity, with keys (? lists them) and mouse. Names and fingerprints only; r shows one value for 10 seconds and asks for the passphrase. Where the output is no terminal, and with --plain, the same facts are printed once, as sentences for a screen reader.'
  static override examples = [
    '<%= config.bin %> dashboard',
    '<%= config.bin %> dashboard --plain',
    '<%= config.bin %> dashboard --json',
  ]
  static override flags = {
    plain: boolean({ summary: 'Print the same facts as plain sentences, once.' }),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(Dashboard)
    const source = dashboardSource(callerOf(flags), trustLines)
    const terminal = process.stdout.isTTY && process.env.TERM !== 'dumb'
    const drawn = terminal && !flags.plain && !flags.json && !flags['non-interactive']
    const drawing = drawn ? import('../src/tui/dashboard/run.tsx') : undefined // while the rest is looked up
    const first = this.finish(await source.overview())
    if (drawing !== undefined) return (await drawing).runDashboard(source, first)
    const log = this.finish(await source.activity(''))
    const activity = log?.lines.slice(-RECENT) ?? []
    this.print(flags.json, { ...first, activity }, overviewLines(first, activity))
  }
}
