import type { CastleFailure } from './castle.ts'
import type { InfisicalFailure } from './infisical.ts'

/**
 * Every failure that tazpod expects, as one union. The words a person reads are in `failure-text.ts`, in one
 * exhaustive switch: a new kind does not compile until it has a message, a next step and an exit code.
 * No field ever carries a secret value.
 */
export type Failure =
  | CastleFailure
  | { reason: 'usage'; message: string; next?: string }
  | { reason: 'config-missing'; folder: string }
  | { reason: 'config-invalid'; file: string; problems: ConfigProblem[] }
  | { reason: 'trust-needed'; file: string }
  | { reason: 'trust-refused'; file: string }
  | { reason: 'locked' }
  /** `byKey`: Ctrl-C at a prompt, where the terminal is raw and tells nobody else of the job. */
  | { reason: 'interrupted'; byKey?: true }
  | { reason: 'no-terminal'; need: string; next: string }
  | { reason: 'wrong-passphrase'; tries: number }
  | { reason: 'weak-passphrase'; why: string; next?: string }
  /** `what`: a client secret or a recovery key; absent: a passphrase. */
  | { reason: 'bad-passphrase'; why: string; what?: string }
  | { reason: 'native-missing'; path: string }
  /** The native binary refused or failed; it has already said why in `message` (one line, no secret). */
  | { reason: 'ghost'; exitCode: number; message: string; next?: string }
  | { reason: 'vault-missing'; path: string; generations: number }
  /** An identity without a vault, under another passphrase: an interrupted `init` leaves one. */
  | { reason: 'vault-leftover'; identity: string }
  /** The vault is there, but not the identity that opens it. */
  | { reason: 'vault-keyless'; vault: string; identity: string }
  | { reason: 'vault-exists'; path: string }
  | { reason: 'vault-damaged'; path: string; why: string }
  | { reason: 'vault-foreign'; vault: string; identity: string }
  | { reason: 'vault-older'; path: string; generation: number; seen: number }
  | { reason: 'vault-newer'; path: string; version: number }
  | { reason: 'vault-busy'; path: string }
  /** A write failed at `step`; the file of that name holds what it held before. */
  | { reason: 'not-written'; path: string; step: string; code: string }
  /** A private file that another user could read or exchange, or that is no plain file. */
  | { reason: 'unsafe-file'; path: string; why: string; next?: string }
  | { reason: 'too-large'; what: string; size: number; limit: number }
  | { reason: 'secret-missing'; name: string; from: 'the vault' | 'the session' }
  | { reason: 'bad-secret-name'; name: string }
  /** The vault holds other values under these names, and nobody agreed that they go. */
  | { reason: 'would-replace'; names: string[] }
  /** A value that can't be delivered the way it should be. `name` is a name or a path, `why` completes "it …". */
  | { reason: 'bad-value'; name: string; why: string }
  /** A file with secrets that can't be read as `format`. `why` never repeats anything of the file. */
  | { reason: 'bad-import'; file: string; format: string; line: number; why: string }
  | { reason: 'keyring'; why: string }
  | InfisicalFailure
  /** A file with secrets, or its key, that can't be used. `why` completes "WHAT …". */
  | { reason: 'provider-file'; what: string; why: string; next?: string }
  /** `why` completes "PROGRAM …"; what the program printed is never in it. */
  | { reason: 'provider-command'; name: string; argv: string[]; why: string }
  | { reason: 'recovery-key'; why: string }
  /** Clear-text secrets would go where they stay. */
  | { reason: 'unsafe-output'; why: string }
  /** The target of a bind holds content on the disk, where everybody with the disk reads it. */
  | { reason: 'clear-text'; path: string; next: string }
  /** `--only` names what the command does not get. */
  | { reason: 'not-granted'; name: string; command: string }
  | { reason: 'not-saved'; name: string; why: string }
  /** What a command made of a granted file was not kept. */
  | { reason: 'change-dropped'; command: string; name: string; why: string }
  /** Values would be shown on a screen. */
  | { reason: 'would-show'; what: string; next: string }
  /** The operating system refused a file operation. `path` is a path, `code` an errno name. */
  | { reason: 'io'; action: string; path: string; code: string }

/** One defect of a config file. Lines and columns count from 1. */
export interface ConfigProblem {
  line: number
  column: number
  message: string
  hint?: string
}
