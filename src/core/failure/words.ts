import { castleWords } from './castle.ts'
import type { FailureText, Words } from './exit.ts'
import type { Failure } from './failure.ts'
import { infisicalWords } from './infisical.ts'
import { passphraseWords } from './passphrase.ts'
import { projectWords } from './project.ts'
import { providerWords } from './provider.ts'
import { sessionWords } from './session.ts'
import { systemWords } from './system.ts'
import { vaultWords } from './vault.ts'

const WORDS = {
  ...castleWords,
  ...infisicalWords,
  ...passphraseWords,
  ...projectWords,
  ...providerWords,
  ...sessionWords,
  ...systemWords,
  ...vaultWords,
} satisfies Words<Failure>

/** The only place that turns a failure into words. */
export function failureText(failure: Failure): FailureText {
  const words: (failure: never) => FailureText = WORDS[failure.reason]
  return words(failure as never) // of its own reason, which the table's type holds
}
