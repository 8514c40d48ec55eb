/** The words and exit codes of failures, for commands that render a state themselves. */
export { EXIT, failureText } from '../core/failure-text.ts'
