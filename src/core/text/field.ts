import * as z from 'zod'
import { nearest } from './nearest.ts'
import { isSecretName, SECRET_NAME_RULE } from './secret-name.ts'
import { oneOf, show } from './show.ts'

/** What the fields of `tazpod.yaml` are made of. The reader hands every scalar over as its text. */

type Context = z.core.$RefinementCtx

/** Notes a problem in words for people, with what to do about it where that is known. */
export function complain(context: Context, message: string, hint?: string): void {
  context.addIssue({ code: 'custom', message, params: { hint } })
}

/** Text that `read` turns into a value; `read` returns undefined after complaining. */
export function text<T>(read: (word: string, context: Context) => T | undefined) {
  return z.string().transform((word, context): T => read(word, context) ?? z.NEVER)
}

/** Text for which `problem` finds nothing to say. The problem completes the sentence "WORD …". */
export function checked(problem: (word: string) => string | undefined) {
  return text((word, context) => {
    const why = problem(word)
    if (why === undefined) return word
    complain(context, `${show(word)} ${why}`)
    return undefined
  })
}

/** One of a few words. `what` names the field for people. */
export function choice<T extends string>(what: string, words: readonly T[]) {
  return text((word, context): T | undefined => {
    const found = words.find((candidate) => candidate === word)
    if (found !== undefined) return found
    const right = nearest(word, words)
    complain(context, `${what} ${show(word)} is unknown: ${oneOf(words)}`, right && `did you mean ${right}?`)
    return undefined
  })
}

/** `true` or `false`. */
export function flag(what: string) {
  return choice(what, ['true', 'false'] as const).transform((word) => word === 'true')
}

export const secretName = checked((word) =>
  isSecretName(word) ? undefined : `is not a name of a secret: ${SECRET_NAME_RULE}`,
)
