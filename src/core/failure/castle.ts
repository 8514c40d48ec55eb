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
