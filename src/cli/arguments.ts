import { integer, string } from '@oclif/core/args'

/**
 * Arguments of commands. oclif fills a missing one from standard input: `echo "$TOKEN" | tazpod vault set` would take
 * the value for the name, store an empty secret under it and print it. Here standard input is never an argument.
 */
export const textArgument: typeof string = (options) =>
  string({ ...options, ignoreStdin: true } as never) as never
export const numberArgument: typeof integer = (options) =>
  integer({ ...options, ignoreStdin: true } as never) as never
