import { boolean } from '@oclif/core/flags'
import { castleHere } from '../../src/castle/app/access.ts'
import { restoreRecord } from '../../src/castle/app/guard.ts'
import { readCastle } from '../../src/castle/app/record.ts'
import { BACKUPS } from '../../src/castle/app/state-backup.ts'
import { keptStates, restoreState } from '../../src/castle/app/state-restore.ts'
import { textArgument } from '../../src/cli/arguments.ts'
import { passphraseFdFlag, TazpodCommand } from '../../src/cli/base-command.ts'
import { callerOf } from '../../src/cli/caller.ts'
import { errandOf } from '../../src/cli/errand.ts'
import { table } from '../../src/cli/table.ts'
import { when } from '../../src/cli/time.ts'

export default class CastleRestore extends TazpodCommand {
  static override summary = 'Put a kept state or the last record back, or show what is kept.'
  static override description =
    'record is castle.json as it was recorded last. Every apply and destroy keeps the state of before and after in the vault. Another state that is there is overwritten with --force only, and is kept first, as replaced. Older ones: tazpod vault history.'
  static override examples = [
    '<%= config.bin %> castle restore',
    '<%= config.bin %> castle restore before --force',
  ]
  static override args = {
    which: textArgument({
      options: [...BACKUPS, 'record'],
      description: 'Which one; without it they are shown.',
    }),
  }
  static override flags = {
    force: boolean({ summary: 'Even where another state is.' }),
    ...passphraseFdFlag,
  }

  override async run(): Promise<void> {
    const { args, flags } = await this.parse(CastleRestore)
    const castle = this.finish(await readCastle(process.cwd()))
    if (args.which === 'record') {
      const open = this.finish(await castleHere(errandOf(flags)))
      const { record } = this.finish(await open.withStore((store) => restoreRecord(open.castle, store)))
      const { name, life, since, changes } = record
      return this.print(flags.json, record, `castle ${name}: change ${changes}, ${life} since ${since}`)
    }
    const which = BACKUPS.find((one) => one === args.which)
    if (which === undefined) {
      const states = this.finish(await keptStates(castle, callerOf(flags)))
      const rows = states.map(({ which: name, kept, size, serial }) => [
        name,
        when(Date.parse(kept)),
        String(size),
        String(serial ?? ''),
      ])
      const lines = rows.length > 0 ? table(['state', 'kept', 'bytes', 'serial'], rows) : ['no state is kept']
      return this.print(flags.json, { castle: castle.record.name, states }, lines)
    }
    const done = this.finish(await restoreState(castle, which, flags.force, callerOf(flags)))
    const { path, serial, change } = done
    this.print(flags.json, done, `${path}: ${change}, serial ${serial ?? 'unknown'}, from ${which}`)
  }
}
