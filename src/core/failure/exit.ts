/** Exit codes of DESIGN §7 (sysexits.h). A command's own code passes through `exec` untouched. */
export const EXIT = {
  usage: 64,
  data: 65,
  unavailable: 69,
  bug: 70,
  system: 71,
  locked: 75,
  refused: 77,
} as const

export interface FailureText {
  /** What happened and why: one line, or several for a list of config problems. */
  message: string
  /** The next command to type, if there is one. */
  next?: string
  exitCode: number
}

/** With the next command, where there is one. */
export function withNext(text: FailureText, next: string | undefined): FailureText {
  return next === undefined ? text : { ...text, next }
}

/** For every failure of a domain, what a person reads. */
export type Words<F extends { reason: string }> = {
  readonly [R in F['reason']]: (failure: Extract<F, { reason: R }>) => FailureText
}
