import { renew } from '../../adapters/holder/values.ts'
import type { Failure } from '../../core/failure/failure.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { Project } from '../project/project.ts'
import type { Pulled } from './pulled.ts'

/** What the refresh of a session says on its standard output, as one line of JSON. Names only. */
export type RefreshReport = { pulled: Pulled } | { failure: Failure }

const NO_FILE = '0'.repeat(64)

/**
 * Has the unlocked session fetch anew by itself: nobody is asked for anything, and its key goes nowhere. Undefined: it
 * does not, because tazpod.yaml is another one than at the passphrase, because this terminal has not given it, or because
 * nobody is there to fetch; then the passphrase decides. Failures: those of a pull, native-missing.
 */
export async function renewedSession(project: Project | undefined): Promise<Result<Pulled> | undefined> {
  const said = await renew(project?.file.sha256 ?? NO_FILE)
  if (!said.ok) return said.error.reason === 'locked' || said.error.reason === 'ghost' ? undefined : said
  const report = parseReport(said.value)
  if (report === undefined)
    return err({
      reason: 'ghost',
      exitCode: 70,
      message: 'the refresh of this session was ended before it could say how it went',
      next: 'tazpod log',
    })
  return 'pulled' in report ? ok(report.pulled) : err(report.failure)
}

function parseReport(bytes: Buffer): RefreshReport | undefined {
  try {
    const report = JSON.parse(bytes.toString('utf8')) as RefreshReport
    return 'pulled' in report || typeof report.failure?.reason === 'string' ? report : undefined
  } catch {
    return undefined // it was stopped, or cut off
  }
}
