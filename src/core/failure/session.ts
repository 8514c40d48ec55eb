import { EXIT, type Words } from './exit.ts'

/** What a session may refuse. Never a secret value. */
export type SessionFailure =
  | { reason: 'locked' }
  | { reason: 'not-saved'; name: string; why: string }
  /** What a command made of a granted file was not kept. */
  | { reason: 'change-dropped'; command: string; name: string; why: string }
  /** Values would be shown on a screen. */
  | { reason: 'would-show'; what: string; next: string }

export const sessionWords: Words<SessionFailure> = {
  locked: () => ({ message: 'locked', next: 'tazpod pull', exitCode: EXIT.locked }),
  'not-saved': (failure) => ({
    message: `${failure.name} was not saved: ${failure.why}; the vault is unchanged`,
    exitCode: EXIT.data,
  }),
  'change-dropped': (failure) => ({
    message: `what ${failure.command} made of ${failure.name} was dropped: ${failure.why}`,
    exitCode: EXIT.data,
  }),
  'would-show': (failure) => ({
    message: `${failure.what} would show on the terminal`,
    next: failure.next,
    exitCode: EXIT.refused,
  }),
}
