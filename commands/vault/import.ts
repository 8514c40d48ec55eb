import { string } from '@oclif/core/args'
import { boolean, option, string as text } from '@oclif/core/flags'
import { vaultAccess } from '../../src/app/vault/access.ts'
import { IMPORT_FORMATS, importSecrets } from '../../src/app/vault/import.ts'
import { passphraseFdFlag, TazpodCommand } from '../../src/cli/base-command.ts'

export default class VaultImport extends TazpodCommand {
  static override summary = 'Take secrets from a clear-text file, all or none.'
  static override description =
    'The format follows the name of the file. --empty overwrites and empties the file once the vault was opened again and held every value; old blocks of the disk may survive, so change secrets that were there for long.'
  static override examples = [
    '<%= config.bin %> vault import .env --empty',
    '<%= config.bin %> vault import ~/.kube/config --as KUBECONFIG_CONTENT',
    'some-tool print | tazpod vault import - --format json',
  ]
  static override args = { file: string({ required: true, description: 'Path, or - for standard input.' }) }
  static override flags = {
    format: option({ options: IMPORT_FORMATS, summary: 'How to read it.', exclusive: ['as'] })(),
    as: text({ summary: 'Keep the whole file as one secret of this name.', helpValue: 'NAME' }),
    empty: boolean({ summary: 'Empty the clear-text file afterwards.' }),
    ...passphraseFdFlag,
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(VaultImport)
    const { format, as, empty } = flags
    const access = this.finish(await vaultAccess(flags))
    const changed = this.finish(await importSecrets(access, { file: args.file, format, as, empty }))
    const { added, replaced, unchanged } = changed
    const human = [
      `imported ${added.length} new, ${replaced.length} changed, ${unchanged.length} as they were`,
    ]
    if (empty) human.push(`${args.file} is empty now`)
    this.print(flags.json, { ...changed, emptied: empty }, human)
  }
}
