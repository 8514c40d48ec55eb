import { SECRET_NAME_RULE } from '../text/secret-name.ts'
import { shellWord } from '../text/shell-word.ts'
import { show } from '../text/show.ts'
import { EXIT, type Words } from './exit.ts'

/** What can go wrong with the vault and with what goes in and out of it. Never a secret value. */
export type VaultFailure =
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
  | { reason: 'secret-missing'; name: string; from: 'the vault' | 'the session' }
  | { reason: 'bad-secret-name'; name: string }
  /** The vault holds other values under these names, and nobody agreed that they go. */
  | { reason: 'would-replace'; names: string[] }
  /** A file with secrets that can't be read as `format`. `why` never repeats anything of the file. */
  | { reason: 'bad-import'; file: string; format: string; line: number; why: string }
  /** Clear-text secrets would go where they stay. */
  | { reason: 'unsafe-output'; why: string }

export const vaultWords: Words<VaultFailure> = {
  'vault-missing': (failure) =>
    failure.generations === 0
      ? { message: `there is no vault at ${failure.path}`, next: 'tazpod vault init', exitCode: EXIT.data }
      : {
          message: `${failure.path} is missing, but ${failure.generations} earlier generations are kept`,
          next: 'tazpod vault history',
          exitCode: EXIT.data,
        },
  'vault-leftover': (failure) => ({
    message: `${failure.identity} is there without its vault, as an interrupted init leaves it, and this passphrase does not open it. If no copy of its vault is anywhere else, move it away and start again`,
    next: `mv -i ${shellWord(failure.identity)} ${shellWord(`${failure.identity}.old`)}`,
    exitCode: EXIT.refused,
  }),
  'vault-keyless': (failure) => ({
    message: `${failure.identity}, which opens ${failure.vault}, is missing: put it back from a backup, or use the recovery key`,
    next: 'tazpod vault passwd --recovery',
    exitCode: EXIT.data,
  }),
  'vault-exists': (failure) => ({
    message: `${failure.path} exists already and was not touched: a new vault never replaces one`,
    next: 'tazpod vault list',
    exitCode: EXIT.refused,
  }),
  'vault-damaged': (failure) => ({
    message: `${failure.path} is damaged: ${failure.why}`,
    next: 'tazpod vault history',
    exitCode: EXIT.data,
  }),
  'vault-foreign': (failure) => ({
    message: `${failure.vault} does not belong to ${failure.identity}: it is another vault's, or its header is damaged`,
    next: 'tazpod vault verify',
    exitCode: EXIT.data,
  }),
  'vault-older': (failure) => ({
    message:
      `${failure.path} is generation ${failure.generation}, but this machine has seen generation ${failure.seen}: ` +
      'somebody put an older vault in its place',
    next: 'tazpod vault history',
    exitCode: EXIT.refused,
  }),
  'vault-newer': (failure) => ({
    message: `${failure.path} was made by a newer tazpod (format version ${failure.version}; this one knows 1)`,
    exitCode: EXIT.data,
  }),
  'vault-busy': (failure) => ({
    message: `another tazpod is writing ${failure.path}; nothing was changed`,
    exitCode: EXIT.locked,
  }),
  'secret-missing': (failure) => ({
    message: `${failure.from} has no secret ${failure.name}`,
    next: failure.from === 'the vault' ? 'tazpod vault list' : 'tazpod pull',
    exitCode: EXIT.data,
  }),
  'bad-secret-name': (failure) => ({
    message: `${show(failure.name)} can't name a secret: ${SECRET_NAME_RULE}`,
    exitCode: EXIT.usage,
  }),
  'would-replace': (failure) => ({
    message: `the vault already holds another value of ${failure.names.join(', ')}; nothing was changed`,
    next: 'the same command with --force   (the old value stays in tazpod vault history)',
    exitCode: EXIT.data,
  }),
  'bad-import': (failure) => ({
    message: `${failure.file}:${failure.line}: not right for ${failure.format}: ${failure.why}`,
    exitCode: EXIT.data,
  }),
  'unsafe-output': (failure) => ({
    message: `no clear text there: ${failure.why}. Send it to a pipe, or add --force if you mean it`,
    exitCode: EXIT.refused,
  }),
}
