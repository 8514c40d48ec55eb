import { vaultHere } from '../../src/app/vault/access.ts'
import { type Kept, vaultHistory } from '../../src/app/vault/history.ts'
import { TazpodCommand } from '../../src/cli/base-command.ts'
import { table } from '../../src/cli/table.ts'
import { when } from '../../src/cli/time.ts'

export default class VaultHistory extends TazpodCommand {
  static override summary = 'List the kept generations of the vault. Needs no passphrase.'
  static override description = '`tazpod vault restore N` makes one of them the current content again.'
  static override examples = ['<%= config.bin %> vault history']

  override async run(): Promise<void> {
    const { flags } = await this.parse(VaultHistory)
    const place = this.finish(await vaultHere(process.env))
    const generations = this.finish(await vaultHistory(place))
    const head = ['generation', 'written', 'bytes', '']
    const human =
      generations.length === 0 ? 'no earlier generation is kept yet' : table(head, generations.map(row))
    this.print(flags.json, { vault: place.vault, generations }, human)
  }
}

function row(one: Kept): string[] {
  return [String(one.number), when(Date.parse(one.written)), String(one.size), one.current ? 'current' : '']
}
