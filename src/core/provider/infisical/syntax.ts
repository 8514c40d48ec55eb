import type { z } from 'zod'
import type { ProviderSyntax } from '../definition.ts'
import { type InfisicalConfig, infisicalFolder, infisicalSection, secretFolder } from './config.ts'

/** `infisical:`, and `path:` of a secret that is in several folders. */
export const infisicalSyntax = {
  section: infisicalSection as unknown as z.ZodType<InfisicalConfig>, // which has no `undefined` for what is absent
  keys: (inner) => Object.keys(inner === 'paths' ? infisicalFolder.shape : infisicalSection.shape),
  unknownKey: (key) =>
    /^(host|url|domain|site_?url|infisical_url)$/i.test(key)
      ? 'the address of the server belongs to the identity in the vault, not to a project'
      : undefined,
  ruleFields: { path: secretFolder },
  needs: { what: 'needs to know which project', hint: 'add infisical: { project: …, environment: … }' },
} as const satisfies ProviderSyntax
