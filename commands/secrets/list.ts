import { remoteSecrets } from '../../src/app/provider/infisical/remote.ts'
import { vaultAccess } from '../../src/app/vault/access.ts'
import { passphraseFdFlag, TazpodCommand } from '../../src/cli/base-command.ts'
import { errandOf } from '../../src/cli/errand.ts'
import { noteLine } from '../../src/cli/pull-lines.ts'
import { table, wholeRows } from '../../src/cli/table.ts'

export default class SecretsList extends TazpodCommand {
  static override summary = "List what Infisical has in this project's folders. No values."
  static override description =
    'Asks the server. A fingerprint tells whether two values are the same: it is keyed by the vault, so that nobody can guess a value from it.'
  static override examples = ['<%= config.bin %> secrets list', '<%= config.bin %> secrets list --json']
  static override flags = { ...passphraseFdFlag }

  override async run(): Promise<void> {
    const { flags } = await this.parse(SecretsList)
    const errand = errandOf(flags)
    const access = this.finish(await vaultAccess(errand))
    const list = this.finish(await remoteSecrets(access, errand))
    const rows = list.secrets.map((s) => [
      s.name,
      s.path,
      String(s.size),
      s.fingerprint,
      s.used ? 'yes' : 'no',
    ])
    const human =
      rows.length === 0
        ? 'none'
        : table(['secret', 'folder', 'bytes', 'fingerprint', 'used here'], rows, wholeRows())
    this.print(flags.json, list, human)
    for (const note of list.notes) this.note(noteLine(note))
  }
}
