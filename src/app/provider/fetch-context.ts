import type { UserPaths } from '../../adapters/files/paths.ts'
import type { Proof } from '../../adapters/holder/values.ts'
import type { HeldSession } from '../../core/provider/infisical/held.ts'
import type { VaultDocument } from '../../core/vault/document.ts'

/** What a fetch is done with. */
export interface FetchContext {
  /** The opened vault; its owner wipes it. */
  doc: VaultDocument
  /** Folder of tazpod.yaml. */
  root: string
  /** The project's name for people. */
  label: string
  env: NodeJS.ProcessEnv
  paths: UserPaths
  /** The vault's own key. */
  identity: Buffer
  /** What lets values out of the session that is unlocked. */
  proof: Proof
  /** The session that the holder keeps from the last pull. */
  before: HeldSession | undefined
  /** Use the copy and ask no server. */
  offline: boolean
  /** May the copy stand in when the server can't be reached? Not for a refresh: the old set is newer. */
  fallback: boolean
  /** What is being waited for. */
  progress: (text: string) => void
}
