import { boolean } from '@oclif/core/flags'
import { passphraseFdFlag, TazpodCommand } from '../../src/cli/base-command.ts'
import { errandOf } from '../../src/cli/errand.ts'
import { EXIT } from '../../src/cli/failures.ts'
import { migrateSops } from '../../src/sops/app/run.ts'
import { sopsLines } from '../../src/sops/cli/lines.ts'

const STEPS = ['plan', 'apply', 'verify', 'finish'] as const

export default class MigrateSops extends TazpodCommand {
  static override summary = 'Move every value of SOPS files into the store, and leave SOPS.'
  static override description =
    'Finds SOPS files by their content, decrypts them in memory (age keys of $SOPS_AGE_KEY_FILE, $SOPS_AGE_KEY or the store; other key services through the sops program) and verifies their MAC. Four steps, each of which can be repeated: --plan shows, --apply stores, --verify compares, --finish rewrites what reads the files and deletes them. Nothing is deleted before it was verified in the same run.'
  static override examples = [
    '<%= config.bin %> migrate sops --plan',
    '<%= config.bin %> migrate sops --apply',
  ]
  static override flags = {
    plan: boolean({ summary: 'Show files, names and references; write nothing.', exactlyOne: [...STEPS] }),
    apply: boolean({ summary: 'Put the values into the store.' }),
    verify: boolean({ summary: 'Compare the store with the files.' }),
    finish: boolean({ summary: 'Rewrite references, delete the files, list what to rotate.' }),
    overwrite: boolean({ summary: 'Replace values that the store has under the same name.' }),
    ...passphraseFdFlag,
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(MigrateSops)
    const step = STEPS.find((one) => flags[one]) ?? 'plan'
    const report = this.finish(await migrateSops(step, flags.overwrite === true, errandOf(flags)))
    this.print(flags.json, report, sopsLines(report))
    if (report.unread.length > 0) process.exitCode = EXIT.data
  }
}
