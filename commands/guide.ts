import { loadHelpClass } from '@oclif/core/help'
import { guidance } from '../src/app/guide.ts'
import { TazpodCommand } from '../src/cli/base-command.ts'
import { EXIT, failureText } from '../src/cli/failures.ts'
import { printable, shorten, styled } from '../src/cli/output.ts'

export default class Guide extends TazpodCommand {
  static override summary = 'Where you stand and what comes next (tazpod without arguments).'
  static override hidden = true

  override async run(): Promise<void> {
    const { flags } = await this.parse(Guide)
    if (!flags.json && !process.stdout.isTTY) return this.helpInstead()
    const { project, vault, state, why, next, problem } = await guidance(process.env, process.cwd())
    const human = [
      `project  ${project === null ? 'none here (compartment default)' : printable(shorten(project, 60))}`,
      `vault    ${vault}`,
      `state    ${state}`,
      '',
      ...(problem ? [printable(failureText(problem).message.split('\n')[0] ?? ''), ''] : []),
      `next: ${styled('bold', next)}   ${why}`,
      'all commands: tazpod --help',
    ]
    this.print(flags.json, { project, vault, state, next, why }, human)
  }

  /** A script that calls tazpod without arguments made a mistake. */
  private async helpInstead(): Promise<void> {
    const Help = await loadHelpClass(this.config)
    await new Help(this.config, { sendToStderr: true }).showHelp([])
    process.exitCode = EXIT.usage
  }
}
