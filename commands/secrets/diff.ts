import { differences } from '../../src/app/provider/infisical/remote.ts'
import { vaultAccess } from '../../src/app/vault/access.ts'
import { passphraseFdFlag, TazpodCommand } from '../../src/cli/base-command.ts'
import { errandOf } from '../../src/cli/errand.ts'
import { noteLine } from '../../src/cli/pull-lines.ts'
import { table, wholeRows } from '../../src/cli/table.ts'

const WORDS = {
  same: 'the same',
  different: 'different',
  'only-vault': 'only in the vault',
  'only-infisical': 'only in Infisical',
} as const

export default class SecretsDiff extends TazpodCommand {
  static override summary = 'Compare the vault with Infisical: names and fingerprints, no values.'
  static override description = 'Exit code 1 when they differ, as diff has it.'
  static override examples = ['<%= config.bin %> secrets diff', '<%= config.bin %> secrets diff --json']
  static override flags = { ...passphraseFdFlag }

  override async run(): Promise<void> {
    const { flags } = await this.parse(SecretsDiff)
    const errand = errandOf(flags)
    const access = this.finish(await vaultAccess(errand))
    const list = this.finish(await differences(access, errand))
    const rows = list.secrets.map((d) => [d.name, WORDS[d.state], d.vault ?? '-', d.infisical ?? '-'])
    const human =
      rows.length === 0 ? 'both are empty' : table(['secret', 'is', 'vault', 'infisical'], rows, wholeRows())
    this.print(flags.json, list, human)
    for (const note of list.notes) this.note(noteLine(note))
    if (list.secrets.some(({ state }) => state !== 'same')) process.exitCode = 1
  }
}
