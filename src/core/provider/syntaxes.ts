import type { z } from 'zod'
import { commandSyntax } from './command/syntax.ts'
import type { ProviderSyntax } from './definition.ts'
import { fileSyntax } from './file/syntax.ts'
import { infisicalSyntax } from './infisical/syntax.ts'
import type { ProviderName } from './registry.ts'
import { vaultSyntax } from './vault/syntax.ts'

/** How each provider is written in tazpod.yaml: the schema of that file and "did you mean" derive from it. */
const SYNTAXES = {
  vault: vaultSyntax,
  infisical: infisicalSyntax,
  command: commandSyntax,
  file: fileSyntax,
} as const satisfies Record<ProviderName, ProviderSyntax>

/** With all that any of them may say. */
export function syntaxOf(name: ProviderName): ProviderSyntax {
  return SYNTAXES[name]
}

/** What tazpod.yaml may say to each provider, under the provider's own name. */
export type ProviderSections = {
  [N in ProviderName as (typeof SYNTAXES)[N] extends { section: z.ZodType }
    ? N
    : never]?: (typeof SYNTAXES)[N] extends {
    section: z.ZodType<infer Section>
  }
    ? Section
    : never
}
