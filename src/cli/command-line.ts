/**
 * Cuts a command line in two: the flags of tazpod itself, and the command with its own arguments, which begins at
 * the first word that is no flag, or behind `--`. `withValue` names the flags that take the next word.
 */
export function splitCommand(
  argv: readonly string[],
  withValue: readonly string[],
): { own: string[]; command: string[] } {
  let at = 0
  while (at < argv.length) {
    const word = argv[at] ?? ''
    if (word === '--') return { own: argv.slice(0, at), command: argv.slice(at + 1) }
    if (!word.startsWith('-')) break
    at += withValue.includes(word) ? 2 : 1
  }
  return { own: argv.slice(0, at), command: argv.slice(at) }
}
