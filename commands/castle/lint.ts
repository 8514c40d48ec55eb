import { resolve } from 'node:path'
import { boolean } from '@oclif/core/flags'
import { asSarif, lint } from '../../src/castle/app/lint.ts'
import { lintLines } from '../../src/castle/cli/lint.ts'
import { textArgument } from '../../src/cli/arguments.ts'
import { TazpodCommand } from '../../src/cli/base-command.ts'
import { printable } from '../../src/cli/output.ts'

export default class CastleLint extends TazpodCommand {
  static override summary = 'Find values, unmarked secrets and traps in Terraform code.'
  static override description =
    'Addresses, hosts, ids, paths and tokens belong into *.tfvars or into the store, not into code. Reads HCL and its JSON form with a real parser, below the current folder or the one given; files of secrets are never opened. Exit code 65 when there is an error. --json and --sarif are for machines.'
  static override examples = ['<%= config.bin %> castle lint', '<%= config.bin %> castle lint --fix']
  static override args = { folder: textArgument({ description: 'Where to look.', default: '.' }) }
  static override flags = {
    fix: boolean({
      summary: 'Repair what needs no decision, if terraform validate says the same afterwards.',
    }),
    sarif: boolean({ summary: 'Print SARIF 2.1.0.', exclusive: ['json'] }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(CastleLint)
    const linted = this.finish(await lint(resolve(args.folder), flags.fix, process.env))
    const { findings, files, fixed, folder, notes } = linted
    if (flags.sarif) this.print(true, asSarif(linted, this.config.version), '')
    else this.print(flags.json, { folder, files, fixed, findings, notes }, lintLines(linted))
    for (const note of notes) this.note(printable(note))
    process.exitCode = linted.exitCode
  }
}
