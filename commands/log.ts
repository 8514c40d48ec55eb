import { integer, string } from '@oclif/core/flags'
import { activityLog } from '../src/app/session/log.ts'
import { whatHappened } from '../src/cli/activity-words.ts'
import { TazpodCommand } from '../src/cli/base-command.ts'
import { table, wholeRows } from '../src/cli/table.ts'
import { localTime } from '../src/cli/time.ts'
import { count } from '../src/cli/words.ts'
import type { Activity } from '../src/core/session/activity.ts'

export default class Log extends TazpodCommand {
  static override summary = 'Show what was unlocked, granted, refused and locked here.'
  static override description =
    'Reads the log that stays on this machine. It holds names of commands and secrets, never values.'
  static override examples = [
    '<%= config.bin %> log --since 12h',
    '<%= config.bin %> log --project lab',
    '<%= config.bin %> log --last 20 --json',
  ]
  static override flags = {
    since: string({ summary: 'Only from this time on: 30m, 12h, 7d ago, or 2026-11-24.', helpValue: 'TIME' }),
    project: string({ summary: 'Only what happened in this project (its name).', helpValue: 'NAME' }),
    last: integer({ summary: 'Only the newest N lines.', helpValue: 'N', min: 1 }),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(Log)
    const { path, lines, damaged } = this.finish(await activityLog(process.env, flags))
    const human =
      lines.length === 0
        ? [`nothing yet in ${path}`]
        : table(['time', 'project', 'event', 'pid', 'command', 'what'], lines.map(row), wholeRows())
    this.print(flags.json, lines, human)
    if (damaged > 0) this.note(`tazpod: ${count(damaged, 'damaged line')} of ${path} left out`)
  }
}

function row(line: Activity): string[] {
  const pid = String(line.pid ?? '')
  return [
    localTime(Date.parse(line.time)),
    line.project,
    line.event,
    pid,
    line.command ?? '',
    whatHappened(line),
  ]
}
