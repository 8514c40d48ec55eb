import { Command } from '@oclif/core/command'
import { boolean, integer } from '@oclif/core/flags'
import type { Result } from '../core/result.ts'
import { Failed } from './failed.ts'
import { writeOut } from './output.ts'

/** Flag of commands that unlock: a file descriptor that delivers the passphrase, for scripts. */
export const passphraseFdFlag = {
  'passphrase-fd': integer({
    summary: 'Read the passphrase from this file descriptor.',
    helpValue: 'N',
    min: 0,
    max: 1_048_575,
  }),
}

/** Of what keeps secrets in the vault: another value under the same name is asked about without it. */
export const forceFlag = boolean({ summary: 'Replace other values of the same name without a question.' })

/** What every command of tazpod has: `--json`, `--non-interactive`, and one way to fail and to print. */
export abstract class TazpodCommand extends Command {
  static override baseFlags = {
    json: boolean({ summary: 'Print JSON on standard output.', helpGroup: 'GLOBAL' }),
    'non-interactive': boolean({
      summary: 'Never ask; fail with exit code 75 instead.',
      helpGroup: 'GLOBAL',
    }),
  }

  /**
   * Unwraps what a use case returned. A failure leaves the command: it is rendered once, by `run.ts`
   * (message and next step on stderr, or JSON on stdout with `--json`), and sets the exit code.
   */
  protected finish<T>(result: Result<T>): T {
    if (!result.ok) throw new Failed(result.error)
    return result.value
  }

  /** Prints the result of the command on stdout: `json` with `--json`, otherwise the lines of `human`. */
  protected print(asJson: boolean, json: unknown, human: string | readonly string[]): void {
    if (asJson) writeOut(`${JSON.stringify(json, null, 2)}\n`)
    else for (const line of typeof human === 'string' ? [human] : human) writeOut(`${line}\n`)
  }

  /** A remark for people, on stderr: stdout carries only the result. */
  protected note(line: string): void {
    process.stderr.write(`${line}\n`)
  }

  /** oclif's own handler prints and colours by itself; here every error goes to `run.ts`. */
  protected override async catch(error: Error): Promise<never> {
    throw error
  }
}
