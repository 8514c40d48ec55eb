import { projectPath } from '../../grant/path-field.ts'
import type { ProviderSyntax } from '../definition.ts'

/** `vault:` is the path of the project's own vault; absent: the user's. */
export const vaultSyntax = { section: projectPath } as const satisfies ProviderSyntax
