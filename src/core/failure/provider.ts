import { shellWord } from '../text/shell-word.ts'
import { EXIT, type Words, withNext } from './exit.ts'

/** What can go wrong with a source of secrets that is a program or a file. Never a secret value. */
export type ProviderFailure =
  /** A file with secrets, or its key, that can't be used. `why` completes "WHAT …". */
  | { reason: 'provider-file'; what: string; why: string; next?: string }
  /** `why` completes "PROGRAM …"; what the program printed is never in it. */
  | { reason: 'provider-command'; name: string; argv: string[]; why: string }

export const providerWords: Words<ProviderFailure> = {
  'provider-file': (failure) =>
    withNext({ message: `${failure.what} ${failure.why}`, exitCode: EXIT.data }, failure.next),
  'provider-command': (failure) => ({
    message: `${failure.name} can't be had: ${failure.argv[0]} ${failure.why}`,
    next: `${failure.argv.map(shellWord).join(' ')}   (by hand, to see)`,
    exitCode: EXIT.unavailable,
  }),
}
