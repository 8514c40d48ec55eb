import { formatSize } from '../text/size.ts'
import { errnoWords, isSystemErrno } from './errno-words.ts'
import { EXIT, type Words, withNext } from './exit.ts'

/** What the machine or the command line is not as it should be. Never a secret value. */
export type SystemFailure =
  | { reason: 'usage'; message: string; next?: string }
  /** `byKey`: Ctrl-C at a prompt, where the terminal is raw and tells nobody else of the job. */
  | { reason: 'interrupted'; byKey?: true }
  | { reason: 'no-terminal'; need: string; next: string }
  | { reason: 'native-missing'; path: string }
  /** The native binary refused or failed; it has already said why in `message` (one line, no secret). */
  | { reason: 'ghost'; exitCode: number; message: string; next?: string }
  /** The operating system refused a file operation. `path` is a path, `code` an errno name. */
  | { reason: 'io'; action: string; path: string; code: string }
  /** A private file that another user could read or exchange, or that is no plain file. */
  | { reason: 'unsafe-file'; path: string; why: string; next?: string }
  | { reason: 'too-large'; what: string; size: number; limit: number }
  /** A write failed at `step`; the file of that name holds what it held before. */
  | { reason: 'not-written'; path: string; step: string; code: string }

export const systemWords: Words<SystemFailure> = {
  usage: (failure) => withNext({ message: failure.message, exitCode: EXIT.usage }, failure.next),
  interrupted: () => ({ message: 'interrupted; nothing was changed', exitCode: 130 }),
  'no-terminal': (failure) => ({
    message: `no terminal to ask for ${failure.need}`,
    next: failure.next,
    exitCode: EXIT.locked,
  }),
  'native-missing': (failure) => ({
    message: `the native part of tazpod is not at ${failure.path}`,
    next: 'npm run build',
    exitCode: EXIT.bug,
  }),
  ghost: (failure) => withNext({ message: failure.message, exitCode: failure.exitCode }, failure.next),
  io: (failure) => ({
    message: `can't ${failure.action} ${failure.path}: ${errnoWords(failure.code)}`,
    exitCode: isSystemErrno(failure.code) ? EXIT.system : EXIT.data,
  }),
  'unsafe-file': (failure) => {
    const text = { message: `${failure.path} is not used: ${failure.why}`, exitCode: EXIT.refused }
    return failure.next === undefined ? text : { ...text, next: failure.next }
  },
  'too-large': (failure) => ({
    message: `${failure.what} is ${formatSize(failure.size)}; at most ${formatSize(failure.limit)} fit`,
    exitCode: EXIT.data,
  }),
  'not-written': (failure) => ({
    message: `can't write ${failure.path}: ${failure.step}: ${errnoWords(failure.code)}; what was there before is unchanged`,
    exitCode: EXIT.system,
  }),
}
