import { type SecretRow, secretList } from '../../src/app/session/secrets.ts'
import { TazpodCommand } from '../../src/cli/base-command.ts'
import { table } from '../../src/cli/table.ts'
import { commandCell, onlyEverybody, whereWords } from '../../src/cli/words.ts'

export default class Secrets extends TazpodCommand {
  static override summary = 'List the secrets of this project and who gets them. No values.'
  static override description =
    'While unlocked it also shows which ones the vault holds and which are missing. Asks for nothing.'
  static override examples = ['<%= config.bin %> secrets', '<%= config.bin %> secrets --json']

  override async run(): Promise<void> {
    const { flags } = await this.parse(Secrets)
    const list = this.finish(await secretList(process.cwd()))
    const human = list.secrets.length === 0 ? 'none yet' : secretTable(list.secrets)
    this.print(flags.json, list, human)
    if (list.state === 'locked') this.note('locked: which of them exist is not known (next: tazpod pull)')
  }
}

function secretTable(secrets: readonly SecretRow[]): string[] {
  const alone = onlyEverybody(secrets)
  const rows = secrets.flatMap(({ name, source, grants }) => {
    if (grants.length === 0) return [[name, source, 'nobody', '', '']]
    return grants.map((grant, i) => {
      const about = i === 0 ? [name, source] : ['', '']
      return [...about, commandCell(grant.command, alone), grant.as, whereWords(grant)]
    })
  })
  const tone = (i: number) => (rows[i]?.[1] === 'missing' ? 'red' : undefined)
  return table(['secret', 'source', 'command', 'as', 'where'], rows, { tone })
}
