import { command } from './command/definition.ts'
import type { ProviderDefinition } from './definition.ts'
import { file } from './file/definition.ts'
import { infisical } from './infisical/definition.ts'
import { vault } from './vault/definition.ts'

/**
 * Every source of secrets, by the name that `provider:` of tazpod.yaml gives it. Template, trust, completion and flags
 * derive from this table. `syntaxes.ts` has the same names with how each is written, `src/app/provider/registry.ts`
 * with how each fetches: neither compiles without one of them.
 */
const PROVIDERS = { vault, infisical, command, file } as const satisfies Readonly<
  Record<string, ProviderDefinition>
>

export type ProviderName = keyof typeof PROVIDERS

/** Those that secrets can be written to. */
export type StoringProvider = {
  [N in ProviderName]: (typeof PROVIDERS)[N]['stores'] extends true ? N : never
}[ProviderName]

export const PROVIDER_NAMES = Object.keys(PROVIDERS) as readonly ProviderName[]
export const STORING_PROVIDERS = PROVIDER_NAMES.filter(
  (name): name is StoringProvider => PROVIDERS[name].stores,
)

/** What a provider says of itself, with all that any of them may say. */
export function definitionOf(name: ProviderName): ProviderDefinition {
  return PROVIDERS[name]
}

/** What to type to store a secret where this provider finds it; `path` means something only where there are folders. */
export function setCommand(provider: ProviderName, name: string, path?: string): string {
  return definitionOf(provider).setCommand(name, path)
}
