import type { ProviderDefinition } from '../definition.ts'

/** The embedded default: the secrets are in the encrypted vault itself. `vault:` names a vault of the project. */
export const vault = {
  comment: 'secrets come from the encrypted vault',
  template: () => '',
  describe: () => [],
  shows: 'vault',
  stores: true,
  setCommand: (name) => `tazpod vault set ${name}`,
} as const satisfies ProviderDefinition
