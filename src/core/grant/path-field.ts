import { complain, text } from '../text/field.ts'
import { show } from '../text/show.ts'
import { plainPath, projectPathProblem } from './path.ts'

/** A path inside the project, relative to its folder. */
export const projectPath = text((word, context) => {
  const path = plainPath(word)
  const why = projectPathProblem(path)
  if (why === undefined) return path
  complain(context, `the path ${show(word)} ${why}`)
  return undefined
})
