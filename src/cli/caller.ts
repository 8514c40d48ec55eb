import type { Caller } from '../app/session/caller.ts'

/** The flags of a command that may ask, as oclif parsed them. */
export interface AskingFlags {
  'passphrase-fd'?: number | undefined
  'non-interactive': boolean
}

/** Who runs this process, and from where. Remarks go to stderr: stdout carries only the result. */
export function callerOf(flags: AskingFlags): Caller {
  return {
    env: process.env,
    cwd: process.cwd(),
    say: (line) => void process.stderr.write(`${line}\n`),
    passphraseFd: flags['passphrase-fd'],
    nonInteractive: flags['non-interactive'],
  }
}
