import type { AttackReport } from '../app/doctor/attack.ts'
import { PROBES } from '../core/session/attack.ts'
import type { Style } from './output.ts'
import { table } from './table.ts'

/** The report of `doctor --attack` for people: what was tried, by whom, and whether it came out as promised. */
export function attackLines({ mode, results, notTried }: AttackReport): string[] {
  const broken = results.filter(({ ok }) => !ok)
  const open = results.filter(({ ok, seen }) => ok && seen === 'read')
  return [
    ...table(
      ['', 'attacker', 'while', 'tries to', 'came out'],
      results.map(({ ok, attacker, state, probe, seen }) => [
        ok ? (seen === 'read' ? '! open' : '✓ ok') : '✗ FAIL',
        attacker,
        state,
        PROBES[probe],
        seen,
      ]),
      { tone: (i) => toneOf(results[i]) },
    ),
    '',
    `isolation ${mode}: ${results.length - broken.length} of ${results.length} came out as promised`,
    ...(open.length > 0 ? ['"open" is readable by design in this mode; SECURITY.md says so'] : []),
    ...notTried.map((line) => `not tried: ${line}`),
  ]
}

function toneOf(result: AttackReport['results'][number] | undefined): Style {
  if (!result?.ok) return 'red'
  return result.seen === 'read' ? 'yellow' : 'green'
}
