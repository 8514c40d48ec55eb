import { dirname } from 'node:path'
import {
  type ConfigFile,
  findConfig,
  findMisnamed,
  readConfigFile,
} from '../../adapters/files/project-files.ts'
import type { ProjectConfig } from '../../core/grant/model.ts'
import { err, ok, type Result } from '../../core/result.ts'

/** The project that a folder belongs to: its file, read once, and what that says. */
export interface Project {
  root: string
  file: ConfigFile
  config: ProjectConfig
}

/**
 * The project of `folder` (absolute); undefined outside of one, where the compartment `default` is used.
 * Failures: unsafe-file, too-large, config-invalid, io.
 */
export async function loadProject(folder: string): Promise<Result<Project | undefined>> {
  const path = findConfig(folder)
  const misnamed = findMisnamed(folder, path)
  if (misnamed !== undefined) {
    const message = 'this file is not read: a project file is called tazpod.yaml'
    const problem = { line: 1, column: 1, message, hint: 'next: mv tazpod.yml tazpod.yaml' }
    return err({ reason: 'config-invalid', file: misnamed, problems: [problem] })
  }
  if (path === undefined) return ok(undefined)
  if (path.includes('\ufffd')) {
    // Node has already replaced the bytes: a bind would cover another file, and trust would name another folder.
    return err({ reason: 'unsafe-file', path, why: "the folder's name is not UTF-8" })
  }
  const file = readConfigFile(path)
  if (!file.ok) return file
  const { parseConfig } = await import('../../core/project/read.ts') // with its parser of YAML: only where there is a file
  const config = parseConfig(file.value.bytes, path)
  return config.ok ? ok({ root: dirname(path), file: file.value, config: config.value }) : config
}

/** As `loadProject`, for what makes sense only inside of one. Failure: config-missing, and those of loadProject. */
export async function requireProject(folder: string): Promise<Result<Project>> {
  const project = await loadProject(folder)
  if (!project.ok) return project
  return project.value ? ok(project.value) : err({ reason: 'config-missing', folder })
}
