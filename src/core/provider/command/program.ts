import { show } from '../../text/show.ts'

/**
 * Why a word can't be the program of a secret. A path inside the project is none: whoever changes that file changes
 * what runs, and what was agreed to with tazpod.yaml says nothing of it.
 */
export function programProblem(word: string): string | undefined {
  if (word === '') return 'the program has no name'
  if (word.startsWith('-')) return `${show(word)} is an option, not a program`
  if (word.includes('/') && !word.startsWith('/'))
    return `${show(word)} lies in the project, where what it does can change unseen: a program on the PATH or an absolute path is needed`
  return undefined
}
