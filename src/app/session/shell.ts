import { loadProject } from '../project/project.ts'

/** What a project says about its shells. */
export interface ShellRules {
  /** `session.scope: terminal`. */
  ownTerminalOnly: boolean
}

/** The rules of the project of this folder. A file that can't be read or used has none: `exec` says what is wrong. */
export async function shellRules(cwd: string): Promise<ShellRules> {
  const project = await loadProject(cwd)
  const session = project.ok ? project.value?.config.session : undefined
  return { ownTerminalOnly: session?.scope === 'terminal' }
}
