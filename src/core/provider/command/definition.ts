import * as z from 'zod'
import { complain } from '../../text/field.ts'
import { shellWord } from '../../text/shell-word.ts'
import type { ProviderDefinition, ProviderSettings } from '../definition.ts'
import { programProblem } from './program.ts'

const MAX_WORDS = 64
const MAX_WORD = 4096

/** `from: ["pass", "show", "lab/db"]`: the program and its arguments, handed over as they stand. */
const argv = z
  .array(z.string())
  .min(1)
  .transform((words, context) => {
    const [program = ''] = words
    const why = programProblem(program)
    if (why !== undefined) complain(context, why, 'for example from: [pass, show, lab/db]')
    if (words.length > MAX_WORDS || words.some((word) => Buffer.byteLength(word) > MAX_WORD))
      complain(context, `a command has at most ${MAX_WORDS} words of ${MAX_WORD} bytes`)
    if (words.some((word) => word.includes('\0'))) complain(context, 'a word contains a NUL')
    return words
  })

/** Secrets from any program that prints one, such as pass, gopass, op or bw. */
export const command = {
  ruleFields: { from: argv },
  needsField: {
    field: 'from',
    message: 'does not say which program prints it',
    hint: 'add from: [pass, show, NAME]',
  },
  comment: 'secrets come from programs that print them',
  template: () => '',
  describe,
  shows: 'session',
  stores: false,
  setCommand: (name) => `add  { name: ${name}, from: [PROGRAM, ARGUMENT, …] }  under secrets: in tazpod.yaml`,
} as const satisfies ProviderDefinition

/** A rule under `secrets:` with the command that prints its value. */
export interface CommandSource {
  name: string
  from: readonly string[]
}

/** The rules that name a program, in the file's order. */
export function commandSources(secrets: readonly object[]): CommandSource[] {
  return secrets.filter((rule): rule is CommandSource => 'from' in rule && rule.from !== undefined)
}

function describe({ secrets = [] }: ProviderSettings): string[] {
  return commandSources(secrets).map(
    ({ name, from }) => `${name} is what this prints: ${from.map(shellWord).join(' ')}`,
  )
}
