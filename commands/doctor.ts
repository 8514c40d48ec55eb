import { boolean } from '@oclif/core/flags'
import { attack } from '../src/app/doctor/attack.ts'
import { doctor } from '../src/app/doctor/doctor.ts'
import { attackLines } from '../src/cli/attack-lines.ts'
import { TazpodCommand } from '../src/cli/base-command.ts'
import { EXIT } from '../src/cli/failures.ts'
import { printable, styled } from '../src/cli/output.ts'
import { progress } from '../src/cli/progress.ts'
import { table } from '../src/cli/table.ts'
import type { Finding } from '../src/core/session/doctor.ts'

const MARK = { ok: '✓ ok', warn: '! warn', fail: '✗ FAIL' } as const
const TONE = { ok: 'green', warn: 'yellow', fail: 'red' } as const

export default class Doctor extends TazpodCommand {
  static override summary = 'Check this machine and project: kernel, limits, file modes, tools.'
  static override description =
    'Looks at what tazpod needs and says how to fix what is missing. Changes nothing. Exit code 69 when a check fails.'
  static override examples = [
    '<%= config.bin %> doctor',
    {
      command: '<%= config.bin %> doctor --attack',
      description: 'What could other programs of mine read here?',
    },
  ]

  static override flags = {
    attack: boolean({
      summary: 'Play the attackers of SECURITY.md against a decoy session, and show what each could read.',
    }),
  }

  override async run(): Promise<void> {
    const { flags } = await this.parse(Doctor)
    if (flags.attack) return this.#attack(flags.json)
    const { ok, findings, kernel, tools } = await doctor(process.env, process.cwd())
    const human = [
      ...table(
        ['state', 'check', 'finding'],
        findings.map((f) => [MARK[f.state], f.check, printable(f.text)]),
        { tone: (i) => TONE[findings[i]?.state ?? 'ok'] },
      ),
      ...fixes(findings),
    ]
    this.print(flags.json, { ok, kernel, findings, tools }, human)
    if (!ok) process.exitCode = EXIT.unavailable
  }

  async #attack(json: boolean): Promise<void> {
    const line = progress('playing the attackers')
    const report = this.finish(await attack().finally(() => line.done()))
    this.print(json, report, attackLines(report))
    if (report.results.some((result) => !result.ok)) process.exitCode = EXIT.unavailable
  }
}

function fixes(findings: readonly Finding[]): string[] {
  const list = findings.filter((f) => f.fix !== undefined)
  if (list.length === 0) return []
  return [
    '',
    styled('bold', 'to fix'),
    ...list.flatMap((f) => [`  ${f.check}:`, `    ${printable(f.fix ?? '')}`]),
  ]
}
