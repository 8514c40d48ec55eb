import type { InfisicalPath, ProjectConfig } from './config-model.ts'
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
        `project ${infisical.project}, environment ${infisical.environment}, paths ${infisical.paths.map(folder).join(' ')}`,
        `logs in as the identity ${infisical.identity ?? 'default'} of the vault`,
        ...(infisical.offline ? ['keeps an encrypted copy of the last pull for work without network'] : []),
      ]
    : []
  return [
    `provider ${config.provider}`,
    ...(config.vault === undefined ? [] : [`vault ${config.vault}`]),
    ...source,
    `stays unlocked at most ${durationWords(session.max)}, ${durationWords(session.idle)} without a command`,
    ...config.secrets.flatMap(({ name, path }) =>
      path === undefined ? [] : [`${name} is the one in ${path}`],
    ),
    `may be asked by ${session.scope === 'user' ? 'every terminal of yours' : 'this terminal only'}`,
  ]
}

function folder({ path, prefix, recursive }: InfisicalPath): string {
  return `${path}${recursive ? (path === '/' ? '**' : '/**') : ''}${prefix === undefined ? '' : ` (as ${prefix}…)`}`
}
