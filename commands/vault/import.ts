import { boolean, option, string as text } from '@oclif/core/flags'
import type { Errand } from '../../src/app/provider/infisical/once.ts'
import { afterChange } from '../../src/app/session/after-change.ts'
import { vaultAccess } from '../../src/app/vault/access.ts'
import {
  IMPORT_FORMATS,
  type Imported,
  type ImportOptions,
  importSecrets,
} from '../../src/app/vault/import.ts'
import { afterChangeLines } from '../../src/cli/after-change-lines.ts'
import { textArgument } from '../../src/cli/arguments.ts'
import { forceFlag, passphraseFdFlag, TazpodCommand } from '../../src/cli/base-command.ts'
import { errandOf } from '../../src/cli/errand.ts'
import { printable } from '../../src/cli/output.ts'
import type { Result } from '../../src/core/result.ts'

export default class VaultImport extends TazpodCommand {
  static override summary = 'Take secrets from a clear-text file, all or none.'
  static override description =
    'The format follows the name of the file. --empty overwrites and empties the file once a second reader understood every value alike and the vault was opened again and held it; old blocks of the disk may survive, so change secrets that were there for long.'
  static override examples = [
    '<%= config.bin %> vault import .env --empty',
    '<%= config.bin %> vault import ~/.kube/config --as KUBECONFIG_CONTENT',
    'some-tool print | tazpod vault import - --format json',
    'tazpod vault import --from infisical',
  ]
  static override args = { file: textArgument({ description: 'Path, or - for standard input.' }) }
  static override flags = {
    format: option({ options: IMPORT_FORMATS, summary: 'How to read it.', exclusive: ['as'] })(),
    as: text({ summary: 'Keep the whole file as one secret of this name.', helpValue: 'NAME' }),
    from: option({
      options: ['infisical'] as const,
      summary: "Copy everything of this project's folders instead of a file.",
      exclusive: ['format', 'as', 'empty'],
    })(),
    empty: boolean({ summary: 'Empty the clear-text file afterwards.' }),
    force: forceFlag,
    ...passphraseFdFlag,
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(VaultImport)
    const { from, format, as, empty, force } = flags
    const errand = errandOf(flags)
    const { hints, ...changed } = this.finish(
      await this.take(errand, args.file, { from, format, as, empty, force }),
    )
    const { added, replaced, unchanged } = changed
    const human = [
      `imported ${added.length} new, ${replaced.length} changed, ${unchanged.length} as they were`,
    ]
    if (empty) human.push(`${args.file} is empty now`)
    else if (args.file !== undefined && args.file !== '-')
      this.note(
        `${printable(args.file)} still holds them in clear text: the same command with --empty empties it`,
      )
    this.print(flags.json, { ...changed, emptied: empty }, human)
    for (const hint of hints) this.note(hint)
    if (added.length + replaced.length === 0) return
    for (const line of afterChangeLines(await afterChange(errand.cwd, added))) this.note(line)
  }

  private async take(
    errand: Errand,
    file: string | undefined,
    { from, ...how }: Omit<ImportOptions, 'file'> & { from: 'infisical' | undefined },
  ): Promise<Result<Imported>> {
    if ((from === undefined) === (file === undefined)) {
      const message = from === undefined ? 'import what?' : 'either a file or --from infisical'
      return { ok: false, error: { reason: 'usage', message, next: 'tazpod vault import --help' } }
    }
    const access = this.finish(await vaultAccess(errand))
    if (file !== undefined) return importSecrets(access, { file, ...how })
    // Its HTTP client only where it is used.
    const { importRemote } = await import('../../src/app/provider/infisical/remote.ts')
    const changed = await importRemote(access, errand, how.force)
    return changed.ok ? { ok: true, value: { ...changed.value, hints: [] } } : changed
  }
}
