import { type SecretRow, secretList } from '../../src/app/secrets.ts'
import { TazpodCommand } from '../../src/cli/base-command.ts'
import { table } from '../../src/cli/table.ts'

export default class Secrets extends TazpodCommand {
  static override summary = 'List the secrets of this project and who gets them. No values.'
  static override description =
    'While unlocked it also shows which ones the vault holds and which are missing. Asks for nothing.'

  override async run(): Promise<void> {
    const { flags } = await this.parse(Secrets)
    const list = this.finish(await secretList(process.env, process.cwd()))
    const human =
      list.secrets.length === 0
        ? 'none yet'
        : table(['secret', 'source', 'command', 'as', 'where'], list.secrets.flatMap(rows))
    this.print(flags.json, list, human)
    if (list.state === 'locked') this.note('locked: what the vault holds is not known (next: tazpod pull)')
  }
}

function rows({ name, source, grants }: SecretRow): string[][] {
  if (grants.length === 0) return [[name, source, 'nobody', '', '']]
  return grants.map(({ command, as, where }, i) =>
    i === 0 ? [name, source, command, as, where] : ['', '', command, as, where],
  )
}
