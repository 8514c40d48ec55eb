import { EXIT, type Words, withNext } from './exit.ts'

/** What can be wrong with a passphrase and with what keeps it. Never a secret value. */
export type PassphraseFailure =
  | { reason: 'wrong-passphrase'; tries: number }
  | { reason: 'weak-passphrase'; why: string; next?: string }
  /** `what`: a client secret or a recovery key; absent: a passphrase. */
  | { reason: 'bad-passphrase'; why: string; what?: string }
  | { reason: 'keyring'; why: string }
  /** Somebody is attached to this process with ptrace(2). */
  | { reason: 'traced'; pid: number; name: string }
  | { reason: 'recovery-key'; why: string }

export const passphraseWords: Words<PassphraseFailure> = {
  'wrong-passphrase': (failure) => ({
    message: failure.tries > 1 ? `wrong passphrase, ${failure.tries} tries` : 'wrong passphrase',
    next: 'tazpod vault passwd --recovery, if it is lost and a recovery key was made',
    exitCode: EXIT.refused,
  }),
  'weak-passphrase': (failure) =>
    withNext(
      { message: `this passphrase is too weak: ${failure.why}`, exitCode: EXIT.refused },
      failure.next,
    ),
  'bad-passphrase': (failure) => ({
    message: `this ${failure.what ?? 'passphrase'} can't be used: ${failure.why}`,
    exitCode: EXIT.refused,
  }),
  keyring: (failure) => ({
    message: `the desktop's secret service can't be used: ${failure.why}. Without it, leave out --remember and type the passphrase, or pass it with --passphrase-fd`,
    exitCode: EXIT.unavailable,
  }),
  traced: ({ pid, name }) => ({
    message: `process ${pid} (${name}) is attached to this command of tazpod and would see the passphrase; nothing was asked for`,
    exitCode: EXIT.refused,
  }),
  'recovery-key': (failure) => ({
    message: `the vault was not recovered: ${failure.why}`,
    exitCode: EXIT.refused,
  }),
}
