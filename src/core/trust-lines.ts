import type { ProjectConfig } from './config-model.ts'
import { durationWords } from './duration.ts'
import type { GrantRow } from './grants.ts'

/** One grant as one stable line: two versions of a project file are compared by these. */
export function grantLine(row: GrantRow): string {
  const command = row.command === '*' ? 'every other command' : row.command
  if (row.as === 'nothing') return `${command} gets nothing`
  const variables = row.variables.length > 0 ? `, path in ${row.variables.join(', ')}` : ''
  const umask = row.umask === undefined ? '' : `, umask ${row.umask}`
  return `${command} gets ${row.what.join(', ')} as ${row.as} ${row.where}${variables}${umask}`
}

/** Where the secrets come from and how long they stay, one line each. */
export function settingLines(config: ProjectConfig): string[] {
  const { session, infisical } = config
  const source = infisical
    ? [
        `project ${infisical.project}, environment ${infisical.environment}, paths ${infisical.paths.join(' ')}`,
      ]
    : []
  return [
    `provider ${config.provider}`,
    ...(config.vault === undefined ? [] : [`vault ${config.vault}`]),
    ...source,
    `stays unlocked at most ${durationWords(session.max)}, ${durationWords(session.idle)} without a command`,
    `may be asked by ${session.scope === 'user' ? 'every terminal of yours' : 'this terminal only'}`,
  ]
}
