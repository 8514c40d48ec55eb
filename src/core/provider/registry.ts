import type { z } from 'zod'
import { command } from './command/definition.ts'
import type { ProviderDefinition } from './definition.ts'
import { file } from './file/definition.ts'
import { infisical } from './infisical/definition.ts'
import { vault } from './vault/definition.ts'

/**
 * Every source of secrets, by the name that `provider:` of tazpod.yaml gives it. The schema of the file, its template,
 * what trust shows, completion and flags derive from this table; `src/app/provider/registry.ts` has the same names
 * with how each fetches, and does not compile without one of them.
 */
export const PROVIDERS = { vault, infisical, command, file } as const satisfies Readonly<
  Record<string, ProviderDefinition>
>

export type ProviderName = keyof typeof PROVIDERS

/** What tazpod.yaml may say to each provider, under the provider's own name. */
export type ProviderSections = {
  [N in ProviderName as (typeof PROVIDERS)[N] extends { section: z.ZodType }
    ? N
    : never]?: (typeof PROVIDERS)[N] extends {
    section: z.ZodType<infer Section>
  }
    ? Section
    : never
}

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
