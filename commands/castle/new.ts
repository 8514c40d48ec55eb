import { boolean, string } from '@oclif/core/flags'
import { newCastle, QUESTIONS } from '../../src/castle/app/new.ts'
import { textArgument } from '../../src/cli/arguments.ts'
import { TazpodCommand } from '../../src/cli/base-command.ts'
import { printable } from '../../src/cli/output.ts'
import { storingProviderFlag } from '../../src/cli/provider-flag.ts'
import { table } from '../../src/cli/table.ts'

const topology = Object.fromEntries(
  QUESTIONS.map(({ flag, question }) => [flag, string({ summary: `${question}.`, helpGroup: 'TOPOLOGY' })]),
)

export default class CastleNew extends TazpodCommand {
  static override summary = 'Make the folder of a Talos cluster, without a literal in its code.'
  static override description =
    'Asks only what makes this castle different from others; --from copies the files of another one, edited or not, replaces what makes a castle itself, shows the difference, and asks for two things. Addresses, VM ids, names, state and folders that another castle beside it has are refused. Nothing that exists is replaced without --force, which shows what would change first.'
  static override examples = [
    '<%= config.bin %> castle new blue',
    '<%= config.bin %> castle new green --from blue --network 10.0.20.0/24',
    '<%= config.bin %> castle new blue --answers blue.yaml --non-interactive',
  ]
  static override args = { name: textArgument({ required: true, description: 'Name of the castle.' }) }
  static override flags = {
    ...topology,
    from: string({ summary: 'Copy this castle.', helpValue: 'CASTLE' }),
    answers: string({ summary: 'Read the topology from a YAML or JSON file.', helpValue: 'FILE' }),
    ...storingProviderFlag('Where the secrets of the castle live.', 'infisical'),
    force: boolean({ summary: 'Replace files that differ; never the record, never secrets.' }),
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(CastleNew)
    const values = flags as Record<string, unknown>
    const given = Object.fromEntries(
      QUESTIONS.flatMap(({ name, flag }) => (typeof values[flag] === 'string' ? [[name, values[flag]]] : [])),
    )
    const done = this.finish(
      await newCastle({
        name: args.name,
        parent: process.cwd(),
        from: flags.from,
        given,
        answersFile: flags.answers,
        provider: flags.provider,
        force: flags.force,
        nonInteractive: flags['non-interactive'],
        say: (line) => this.note(line),
      }),
    )
    const rows = done.nodes.map(({ name, role, ip, vm_id: id }) => [name, role, ip, String(id)])
    this.print(flags.json, done, [
      `castle ${done.castle}: ${done.written.length} files written, endpoint ${done.endpoint}`,
      ...table(['node', 'role', 'address', 'vm id'], rows),
      ...(done.diff.length > 0
        ? [`what differs from ${flags.from}:`, ...done.diff.map((line) => `  ${printable(line)}`)]
        : []),
      `next: cd ${done.castle} && tazpod trust`,
    ])
    for (const line of done.leftovers) this.note(printable(line))
  }
}
