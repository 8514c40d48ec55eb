import { EXIT, type Words, withNext } from './exit.ts'

/** What can go wrong with a castle and with a migration; part of the one `Failure` union. Never a secret value. */
export type CastleFailure =
  | { reason: 'castle-missing'; folder: string }
  /** The record of a castle can't be used as it is. */
  | { reason: 'castle-record'; path: string; why: string; next?: string }
  /** Files that would be overwritten. `diff` shows what would change, without values of secrets. */
  | { reason: 'castle-exists'; files: string[]; diff: string; next: string }
  /** Input that is not right; `what` names it, `why` completes "X …". */
  | { reason: 'castle-data'; what: string; why: string; next?: string }
  /** A rule forbids it. `why` explains the rule. */
  | { reason: 'castle-refused'; why: string; next?: string }
  /** A program that is missing, too old, or that failed. */
  | { reason: 'castle-tool'; tool: string; why: string; next?: string }

export const castleWords: Words<CastleFailure> = {
  'castle-missing': (failure) => ({
    message: `there is no castle in ${failure.folder} (no castle.json)`,
    next: 'tazpod castle new NAME',
    exitCode: EXIT.data,
  }),
  'castle-record': (failure) =>
    withNext({ message: `${failure.path}: ${failure.why}`, exitCode: EXIT.data }, failure.next),
  'castle-exists': (failure) => ({
    message: `these files exist and differ: ${failure.files.join(', ')}; nothing was written${failure.diff === '' ? '' : `\n${failure.diff}`}`,
    next: failure.next,
    exitCode: EXIT.refused,
  }),
  'castle-data': (failure) =>
    withNext({ message: `${failure.what} ${failure.why}`, exitCode: EXIT.data }, failure.next),
  'castle-refused': (failure) => withNext({ message: failure.why, exitCode: EXIT.refused }, failure.next),
  'castle-tool': (failure) =>
    withNext({ message: `${failure.tool} ${failure.why}`, exitCode: EXIT.unavailable }, failure.next),
}
