import { vaultAccess } from '../../src/app/vault/access.ts'
import { type Listed, listVault } from '../../src/app/vault/secrets.ts'
import { passphraseFdFlag, TazpodCommand } from '../../src/cli/base-command.ts'
import { callerOf } from '../../src/cli/caller.ts'
import { table, wholeRows } from '../../src/cli/table.ts'
import { when } from '../../src/cli/time.ts'

export default class VaultList extends TazpodCommand {
  static override summary = 'List what the vault holds: names, sizes, ages. Never values.'
  static override description =
    'Secrets and saved files, with their sizes in bytes and when they were last changed.'
  static override examples = ['<%= config.bin %> vault list', '<%= config.bin %> vault list --json']
  static override flags = { ...passphraseFdFlag }

  override async run(): Promise<void> {
    const { flags } = await this.parse(VaultList)
    const access = this.finish(await vaultAccess(callerOf(flags)))
    const listing = this.finish(await listVault(access))
    const rows = [...rowsOf('secret', listing.secrets), ...rowsOf('file', listing.files)]
    const human =
      rows.length === 0
        ? 'the vault is empty'
        : table(['kind', 'name', 'bytes', 'changed'], rows, wholeRows())
    this.print(flags.json, { vault: access.place.vault, ...listing }, human)
  }
}

function rowsOf(kind: string, list: readonly Listed[]): string[][] {
  return list.map((one) => [kind, one.name, String(one.size), when(Date.parse(one.updated))])
}
