import { yamlWord } from '../../text/yaml-word.ts'
import type { ProviderDefinition, ProviderSettings } from '../definition.ts'
import type { InfisicalConfig, InfisicalPath } from './config.ts'

/** Secrets of a server, fetched with a machine identity that the vault keeps. */
export const infisical = {
  comment: 'secrets come from Infisical',
  template,
  describe,
  shows: 'session',
  stores: true,
  setCommand: (name, path) => `tazpod secrets push ${name}${path === undefined ? '' : ` --path ${path}`}`,
  login: 'login',
} as const satisfies ProviderDefinition

function template({ infisical: known }: ProviderSettings): string {
  const { project, environment, paths } = (known as InfisicalConfig | undefined) ?? {
    project: 'my-project',
    environment: 'prod',
    paths: [{ path: '/' }],
  }
  return `
# The server's address belongs to the identity in the vault, not here.
infisical:
  project: ${yamlWord(project)}  # slug or id
  environment: ${yamlWord(environment)}
  paths: [${paths.map(({ path }) => yamlWord(path)).join(', ')}]`
}

function describe({ infisical: section }: ProviderSettings): string[] {
  if (section === undefined) return []
  const { project, environment, paths, identity, offline } = section as InfisicalConfig
  return [
    `project ${project}, environment ${environment}, paths ${paths.map(folder).join(' ')}`,
    `logs in as the identity ${identity ?? 'default'} of the vault`,
    ...(offline ? ['keeps an encrypted copy of the last pull for work without network'] : []),
  ]
}

function folder({ path, prefix, recursive }: InfisicalPath): string {
  return `${path}${recursive ? (path === '/' ? '**' : '/**') : ''}${prefix === undefined ? '' : ` (as ${prefix}…)`}`
}
