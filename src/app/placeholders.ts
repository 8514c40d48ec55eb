import { createPlaceholder, inspectPlaceholder } from '../adapters/placeholders.ts'
import type { BindRule } from '../core/config-model.ts'
import { importCommand } from '../core/import-command.ts'
import { ok, type Result } from '../core/result.ts'

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

/** Creates placeholders. Failure: io. */
export function createPlaceholders(root: string, paths: readonly string[]): Result<void> {
  for (const path of paths) {
    const created = createPlaceholder(root, path)
    if (!created.ok) return created
  }
  return ok()
}
