import * as z from 'zod'
import { complain } from '../../text/field.ts'
import type { ProviderSyntax } from '../definition.ts'
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

/** No section: each secret says by `from:` what prints it. */
export const commandSyntax = {
  ruleFields: { from: argv },
  needsField: {
    field: 'from',
    message: 'does not say which program prints it',
    hint: 'add from: [pass, show, NAME]',
  },
} as const satisfies ProviderSyntax
