import { boolean } from '@oclif/core/flags'
import { requireOutOfGit } from '../src/app/project/placeholders.ts'
import { requireProject } from '../src/app/project/project.ts'
import { requireTrust, trustView } from '../src/app/project/trust.ts'
import { TazpodCommand } from '../src/cli/base-command.ts'
import { trustLines } from '../src/cli/trust-lines.ts'

export default class Trust extends TazpodCommand {
  static override summary = 'Show what a new or changed tazpod.yaml grants, and agree to it.'
  static override description =
    'A project file decides which command gets which secret. A content that was not agreed to on this machine is not used. What was agreed to is kept outside the project, by its SHA-256.'
  static override examples = [
    '<%= config.bin %> trust',
    { command: '<%= config.bin %> trust --show', description: 'Only look' },
    { command: '<%= config.bin %> trust --yes', description: 'In a script that was read before' },
  ]
  static override flags = {
    yes: boolean({ summary: 'Agree without being asked, for scripts.', char: 'y' }),
    show: boolean({ summary: 'Only show it.', exclusive: ['yes'] }),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(Trust)
    const project = this.finish(await requireProject(process.cwd()))
    const view = this.finish(await trustView(process.env, project))
    if (flags.show || view.state === 'trusted') return this.print(flags.json, view, trustLines(view))
    this.finish(await requireOutOfGit(project.root, project.config.binds))
    const options = { yes: flags.yes, nonInteractive: flags['non-interactive'], render: trustLines }
    this.finish(await requireTrust(process.env, project, options))
    const human = flags.yes ? [...trustLines(view), 'trusted'] : ['trusted']
    this.print(flags.json, { ...view, state: 'trusted' }, human)
  }
}
