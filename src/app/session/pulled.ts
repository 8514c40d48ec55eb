import type { GrantRow } from '../../core/grant/grants.ts'
import type { ProviderName } from '../../core/provider/registry.ts'
import type { OpenVault } from './unlock.ts'

/** What is unlocked now. Names only. */
export interface Pulled {
  /** Folder of the project; null for the compartment `default`. */
  project: string | null
  provider: ProviderName
  /** What opened the vault. */
  from: OpenVault['from']
  /** How many the holder has now: what no command is granted stays in the vault. */
  secrets: number
  grants: GrantRow[]
  /** Names that tazpod.yaml uses and the provider does not have. */
  missing: string[]
  /** Names that the provider has, where tazpod.yaml grants nothing yet and has to choose from them; else null. */
  choice: string[] | null
  /** Placeholders that were created for binds. */
  created: string[]
  /** ISO 8601; null: never. */
  expiresAt: string | null
  /** Seconds without a command until it locks by itself; null: never. */
  idle: number | null
  /** ISO 8601: the server could not be asked, and this is the copy of that pull. */
  copyOf: string | null
  notes: string[]
}
