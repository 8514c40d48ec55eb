import { EXIT, type Words } from './exit.ts'

/** What can be wrong with tazpod.yaml, with trust in it and with what it grants. Never a secret value. */
export type ProjectFailure =
  | { reason: 'config-missing'; folder: string }
  | { reason: 'config-invalid'; file: string; problems: ConfigProblem[] }
  | { reason: 'trust-needed'; file: string }
  | { reason: 'trust-refused'; file: string }
  /** The target of a bind holds content on the disk, where everybody with the disk reads it. */
  | { reason: 'clear-text'; path: string; next: string }
  /** A value that can't be delivered the way it should be. `name` is a name or a path, `why` completes "it …". */
  | { reason: 'bad-value'; name: string; why: string }
  /** `--only` names what the command does not get. */
  | { reason: 'not-granted'; name: string; command: string }

/** One defect of a config file. Lines and columns count from 1. */
export interface ConfigProblem {
  line: number
  column: number
  message: string
  hint?: string
}

export const projectWords: Words<ProjectFailure> = {
  'config-missing': (failure) => ({
    message: `no tazpod.yaml in ${failure.folder} or above`,
    next: 'tazpod init',
    exitCode: EXIT.data,
  }),
  'config-invalid': (failure) => ({
    message: failure.problems
      .map((p) => `${failure.file}:${p.line}:${p.column}: ${p.message}${p.hint ? ` (${p.hint})` : ''}`)
      .join('\n'),
    exitCode: EXIT.data,
  }),
  'trust-needed': (failure) => ({
    message: `${failure.file} is new or changed and not trusted yet`,
    next: 'tazpod trust   (in a script: tazpod trust --yes)',
    exitCode: EXIT.locked,
  }),
  'trust-refused': (failure) => ({
    message: `${failure.file} was not trusted; nothing was done`,
    next: 'tazpod trust',
    exitCode: EXIT.refused,
  }),
  'clear-text': (failure) => ({
    message: `${failure.path} holds clear text on the disk; a bind needs an empty file there`,
    next: failure.next,
    exitCode: EXIT.refused,
  }),
  'bad-value': (failure) => ({
    message: `${failure.name} can't be delivered: ${failure.why}`,
    exitCode: EXIT.data,
  }),
  'not-granted': (failure) => ({
    message: `--only ${failure.name}: ${failure.command} is not granted that; name a secret or a bind that it gets`,
    next: 'tazpod exec --explain -- COMMAND',
    exitCode: EXIT.data,
  }),
}
