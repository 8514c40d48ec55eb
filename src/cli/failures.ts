import type { FailureText } from '../core/failure/exit.ts'
import type { Failure } from '../core/failure/failure.ts'
import { failureText } from '../core/failure/words.ts'
import { printable, styled } from './output.ts'

/** The words and exit codes of failures, for commands that render a state themselves. */
export { EXIT } from '../core/failure/exit.ts'
export { failureText } from '../core/failure/words.ts'

/** What went wrong and what to do, on stderr. */
export function tellText({ message, next }: FailureText): void {
  // Paths and names may come from a foreign repository: nothing in them is obeyed by the terminal.
  const lines = message.split('\n').map(printable).join('\n')
  process.stderr.write(`${styled('bold', 'tazpod:', process.stderr)} ${lines}\n`)
  if (next) process.stderr.write(`  next: ${styled('bold', printable(next), process.stderr)}\n`)
}

/** {@link tellText} for a failure after which the command goes on. */
export function tellFailure(failure: Failure): void {
  tellText(failureText(failure))
}
