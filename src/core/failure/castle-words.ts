import type { CastleFailure } from './castle.ts'
import { EXIT, type FailureText, withNext } from './exit.ts'

/** The words for castles and migrations; `failureText` is the one caller. */
export function castleFailureText(failure: CastleFailure): FailureText {
  switch (failure.reason) {
    case 'castle-missing':
      return {
        message: `there is no castle in ${failure.folder} (no castle.json)`,
        next: 'tazpod castle new NAME',
        exitCode: EXIT.data,
      }
    case 'castle-record':
      return withNext({ message: `${failure.path}: ${failure.why}`, exitCode: EXIT.data }, failure.next)
    case 'castle-exists':
      return {
        message: `these files exist and differ: ${failure.files.join(', ')}; nothing was written${failure.diff === '' ? '' : `\n${failure.diff}`}`,
        next: failure.next,
        exitCode: EXIT.refused,
      }
    case 'castle-data':
      return withNext({ message: `${failure.what} ${failure.why}`, exitCode: EXIT.data }, failure.next)
    case 'castle-refused':
      return withNext({ message: failure.why, exitCode: EXIT.refused }, failure.next)
    case 'castle-tool':
      return withNext({ message: `${failure.tool} ${failure.why}`, exitCode: EXIT.unavailable }, failure.next)
  }
}
