import { join } from 'node:path'
import { exposedOf } from '../../adapters/files/git.ts'
import { createPlaceholder, inspectPlaceholder } from '../../adapters/files/placeholders.ts'
import { importCommand } from '../../core/grant/import-command.ts'
import type { BindRule } from '../../core/grant/model.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { shellWord } from '../../core/text/shell-word.ts'

/**
 * Checks that every bind target can be covered without hiding anything. Changes nothing.
 * Returns the paths (relative to `root`) that have to be created. Failures: clear-text, unsafe-file, io.
 */
export function absentPlaceholders(root: string, binds: readonly BindRule[]): Result<string[]> {
  const absent: string[] = []
  for (const bind of binds) {
    const state = inspectPlaceholder(root, bind.path, importCommand(bind))
    if (!state.ok) return state
    if (state.value === 'absent') absent.push(bind.path)
  }
  return ok(absent)
}

/**
 * Refuses a bind that git would store: inside a command its file holds the values, and `git commit -a` there puts them
 * into history. Git decides, because only git knows what is tracked and which rule wins. Failure: unsafe-file.
 */
export async function requireOutOfGit(root: string, binds: readonly BindRule[]): Promise<Result<void>> {
  const paths = binds.map(({ path }) => path)
  const [exposed] = await exposedOf(root, paths)
  if (exposed === undefined) return ok()
  const path = join(root, exposed.path)
  return exposed.tracked
    ? err({
        reason: 'unsafe-file',
        path,
        why: 'git tracks it, and a commit inside a command would store the values that tazpod puts there',
        next: `git rm --cached -- ${shellWord(path)}   (then commit; .gitignore keeps it out)`,
      })
    : err({
        reason: 'unsafe-file',
        path,
        why: 'no rule of .gitignore keeps it out of git, so that git add inside a command would store the values',
        next: 'tazpod init   (adds the rule; a later line such as !*.tfvars takes it back)',
      })
}

/** Creates placeholders. Failure: io. */
export function createPlaceholders(root: string, paths: readonly string[]): Result<void> {
  for (const path of paths) {
    const created = createPlaceholder(root, path)
    if (!created.ok) return created
  }
  return ok()
}
