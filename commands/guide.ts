import { loadHelpClass } from '@oclif/core/help'
import { canGuide, type Guided, type GuideHands, guided } from '../src/app/setup/guide.ts'
import { guidance } from '../src/app/setup/next-step.ts'
import { TazpodCommand } from '../src/cli/base-command.ts'
import { Failed } from '../src/cli/failed.ts'
import { EXIT, tellFailure } from '../src/cli/failures.ts'
import { guideEnd, guideLines } from '../src/cli/guide-lines.ts'

const INTERRUPTED = 130

export default class Guide extends TazpodCommand {
  static override summary = 'Go step by step from nothing to a shell with your secrets.'
  static override description =
    'What tazpod without arguments does. On a terminal: offers a project, makes the vault, shows what tazpod.yaml grants, asks for the passphrase, and opens the shell. Esc or Ctrl-C leaves each step and loses nothing. Elsewhere it prints the help and ends with 64.'
  static override examples = ['<%= config.bin %>', '<%= config.bin %> guide --json']
  static override hidden = true

  override async run(): Promise<void> {
    const { flags } = await this.parse(Guide)
    if (flags.json || flags['non-interactive']) {
      const at = await guidance(process.env, process.cwd())
      const { project, vault, state, step, next, why } = at
      return this.print(flags.json, { project, vault, state, step, next, why }, guideLines(at))
    }
    if (!process.stdout.isTTY || !canGuide()) return this.#helpInstead()
    this.#end(await guided(process.env, process.cwd(), this.#hands()))
  }

  #hands(): GuideHands {
    return {
      has: (command) => this.config.findCommand(command) !== undefined,
      say: (line) => this.note(line),
      tell: tellFailure,
      run: async (command, argv = []) => {
        try {
          await this.config.runCommand(command, [...argv])
          return { ok: true, value: undefined }
        } catch (error) {
          if (error instanceof Failed) return { ok: false, error: error.failure }
          throw error
        }
      },
    }
  }

  #end({ end, failure, done }: Guided): void {
    const left = failure?.reason === 'interrupted'
    if (failure && !left) throw new Failed(failure)
    for (const line of guideEnd(end, done)) this.note(line)
    if (left && failure.byKey) process.exitCode = INTERRUPTED
  }

  /** A script that calls tazpod without arguments made a mistake. */
  async #helpInstead(): Promise<void> {
    const Help = await loadHelpClass(this.config)
    await new Help(this.config, { sendToStderr: true }).showHelp([])
    process.exitCode = EXIT.usage
  }
}
