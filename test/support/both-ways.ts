import { tazpodBinary } from './installed.ts'

/** How a command is started: as a person does without tazpod (the control), and with it. */
export const WAYS = ['bare', 'through tazpod'] as const
export type Way = (typeof WAYS)[number]

/** The argv of `argv` started this way. */
export function startedAs(way: Way, argv: readonly string[]): string[] {
  return way === 'bare' ? [...argv] : [tazpodBinary(), 'exec', '--', ...argv]
}

/** What goes before a command in a shell script to start it this way: nothing, or the quoted words of tazpod. */
export function shellPrefix(way: Way): string {
  return way === 'bare' ? '' : `'${tazpodBinary()}' exec -- `
}
