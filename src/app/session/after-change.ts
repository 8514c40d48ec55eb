import { where } from '../../adapters/holder/client.ts'
import { secretNames } from '../../core/grant/named-secrets.ts'
import { definitionOf, type ProviderName } from '../../core/provider/registry.ts'
import { loadProject } from '../project/project.ts'

/** What a person has to know after a change of the vault. */
export interface AfterChange {
  /** New names that reach no command of the project of this folder, as tazpod.yaml is now. */
  unused: string[]
  /** Where that project has its secrets from. */
  provider: ProviderName
  /** A running session keeps what it was given. */
  unlocked: boolean
}

/** Looks at the session and, for new names, at the project of the folder `cwd`. What can't be read is no news. */
export async function afterChange(cwd: string, added: readonly string[] = []): Promise<AfterChange> {
  const looking = where() // runs beside the parsing of tazpod.yaml
  const project = added.length > 0 ? await loadProject(cwd) : undefined
  const config = project?.ok ? project.value?.config : undefined
  const here = await looking
  const provider = config?.provider ?? 'vault'
  const used = new Set(definitionOf(provider).shows === 'vault' && config ? secretNames(config) : [])
  return {
    unused: config ? added.filter((name) => !used.has(name)) : [],
    provider,
    unlocked: here.ok && here.value.state === 'unlocked',
  }
}
