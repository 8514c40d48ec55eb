import type { CastleFailure } from './castle.ts'
import type { InfisicalFailure } from './infisical.ts'
import type { PassphraseFailure } from './passphrase.ts'
import type { ProjectFailure } from './project.ts'
import type { ProviderFailure } from './provider.ts'
import type { SessionFailure } from './session.ts'
import type { SystemFailure } from './system.ts'
import type { VaultFailure } from './vault.ts'

export type { ConfigProblem } from './project.ts'

/**
 * Every failure that tazpod expects, as one union. Each domain's file has its failures and their words: a new one does
 * not compile until it has a message, a next step and an exit code. No field ever carries a secret value.
 */
export type Failure =
  | CastleFailure
  | InfisicalFailure
  | PassphraseFailure
  | ProjectFailure
  | ProviderFailure
  | SessionFailure
  | SystemFailure
  | VaultFailure
