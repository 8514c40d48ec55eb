import { boolean, integer, string } from '@oclif/core/flags'
import { nativeMissing, runNativeVerb } from '../src/app/session/native.ts'
import { shellRules } from '../src/app/session/shell.ts'
import { passphraseFdFlag, TazpodCommand } from '../src/cli/base-command.ts'

export default class Shell extends TazpodCommand {
  static override summary = 'Your own shell with what it is granted, and a line of state.'
  static override description =
    'Runs $SHELL as `tazpod exec -- $SHELL` would, on a terminal of its own with a footer: project, locked or unlocked, time left, secrets, running commands. Ctrl-] opens a menu there. Without a terminal, or with --plain, it is exactly `tazpod exec -- $SHELL`.'
  static override usage = 'shell [--plain] [--no-keys] [-- ARGUMENT…]'
  static override examples = [
    '<%= config.bin %> shell',
    { command: '<%= config.bin %> shell -- -c "make deploy"', description: 'Arguments of the shell' },
  ]
  static override flags = {
    ...passphraseFdFlag,
    plain: boolean({ summary: 'No footer and no terminal of its own.' }),
    'no-keys': boolean({ summary: 'No key opens a menu: every key goes to the shell.' }),
    page: integer({ hidden: true }),
    broker: string({ hidden: true }),
  }

  override async run(): Promise<void> {
    const end = this.argv.indexOf('--') // what follows is the shell's, and the native part has it
    const { flags } = await this.parse(Shell, end < 0 ? this.argv : this.argv.slice(0, end))
    const { page, broker } = flags
    // The guide gets here without the native part, which starts a session; it never comes back for no arguments.
    if (page === undefined && this.argv.length === 0) {
      process.exitCode = this.finish(await runNativeVerb('shell', []))
      return
    }
    if (page === undefined || broker === undefined) return this.finish(nativeMissing())
    const { Session } = await import('../src/tui/session/session.ts')
    const rules = () => shellRules(process.cwd())
    const code = await Session.run({ page, broker, keys: !flags['no-keys'], rules })
    if (code === undefined) return this.finish(nativeMissing())
    process.exitCode = code
  }
}
