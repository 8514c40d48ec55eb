import { basename } from 'node:path'
import { isRoot } from '../../adapters/holder/system.ts'
import { type Explanation, explainCommand, notGranted } from '../../core/grant/explain.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { previewLaunch } from './launch-preview.ts'

/**
 * What `command` (name or path) would get, narrowed to `only`: names and paths, never a value. Starts nothing, asks
 * for nothing; `locked` says that missing secrets are not known. Failures: not-granted, and as `previewLaunch`.
 */
export async function explain(
  cwd: string,
  command: string,
  only: readonly string[],
): Promise<Result<Explanation & { locked: boolean }>> {
  const preview = await previewLaunch(cwd)
  if (!preview.ok) return preview
  const { set, ghost, provider: source, max, locked } = preview.value
  const mode = isRoot() ? 'root' : 'rootless'
  const name = basename(command)
  const explanation = explainCommand(set, name, { ghost, source, mode, max, only })
  const [unknown] = notGranted(set, name, only)
  if (unknown !== undefined) return err({ reason: 'not-granted', name: unknown, command: name })
  return ok({ ...explanation, locked })
}
