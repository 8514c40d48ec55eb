import { boolean, option, string } from '@oclif/core/flags'
import { vaultAccess } from '../../src/app/vault/access.ts'
import { EXPORT_FORMATS, exportVault } from '../../src/app/vault/export.ts'
import { passphraseFdFlag, TazpodCommand } from '../../src/cli/base-command.ts'
import { callerOf } from '../../src/cli/caller.ts'
import { writeOut } from '../../src/cli/output.ts'

export default class VaultExport extends TazpodCommand {
  static override summary = 'Write a copy of the vault to standard output.'
  static override description =
    'Encrypted to others, or in clear. An encrypted copy (--to) is the whole document as an age file, which any age program opens. In clear (--reveal) only the secrets are written, to a pipe; a terminal or a file needs --force.'
  static override examples = [
    '<%= config.bin %> vault export --to age1… > backup.age',
    '<%= config.bin %> vault export --reveal --format json | other-tool',
  ]
  static override flags = {
    to: string({ multiple: true, summary: 'Who can open the copy (repeatable).', helpValue: 'age1…' }),
    reveal: boolean({ summary: 'Write the secrets in clear.' }),
    format: option({
      options: EXPORT_FORMATS,
      default: 'dotenv' as const,
      summary: 'Form of the clear text.',
    })(),
    force: boolean({ summary: 'Write clear text even to a terminal or a file.' }),
    ...passphraseFdFlag,
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(VaultExport)
    const { to = [], reveal, format, force } = flags
    const access = this.finish(await vaultAccess(callerOf(flags)))
    writeOut(this.finish(await exportVault(access, { to, reveal, format, force })))
  }
}
