import { confirm, hasTerminal } from '../../adapters/terminal/terminal.ts'
import { exists, type VaultPlace } from '../../adapters/vault/vault-files.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { checkStrength, generatePassphrase } from '../../core/vault/passphrase.ts'
import { createVault } from './create.ts'
import { obtainNewPassphrase } from './passphrase.ts'

interface NewPassphrase {
  bytes: Buffer
  /** Set when tazpod made it up: the person has to see it once. */
  generated?: string
}

export interface PassphraseChoice {
  passphraseFd?: number | undefined
  nonInteractive: boolean
  /** Make one up without asking. */
  generate: boolean
  /** Words that a guesser tries first: user, project, machine. */
  names: readonly string[]
  /** What makes one up instead, for whoever thinks of a weak one only. */
  generateWith: string
  /** Tells a person something between two questions. */
  say: (line: string) => void
}

/** What `vault init` has to show once; it is kept nowhere. */
export interface NewVault {
  generated?: string
  recoveryKey?: string
}

/** Makes a vault under a new passphrase: typed twice, from a descriptor, or generated. See {@link createVault}. */
export async function initVault(
  place: VaultPlace,
  choice: PassphraseChoice & { recovery: boolean },
): Promise<Result<NewVault>> {
  if (await exists(place.vault)) return err({ reason: 'vault-exists', path: place.vault })
  const passphrase = await choosePassphrase(choice)
  if (!passphrase.ok) return passphrase
  const { bytes, generated } = passphrase.value
  const made = await createVault(place, bytes, { recovery: choice.recovery }).finally(() => bytes.fill(0))
  return made.ok ? ok({ ...made.value, ...(generated !== undefined && { generated }) }) : made
}

/** A new, strong passphrase by the person's choice; the caller wipes its bytes. */
export async function choosePassphrase(choice: PassphraseChoice): Promise<Result<NewPassphrase>> {
  const made = choice.generate ? ok(true) : await offer(choice)
  if (!made.ok) return made
  if (made.value) {
    const generated = generatePassphrase()
    return ok({ bytes: Buffer.from(generated), generated })
  }
  const { passphraseFd: fd, nonInteractive, names, generateWith, say } = choice
  const source = { fd, nonInteractive, label: 'passphrase of the vault' }
  const typed = await obtainNewPassphrase(source, (bytes) => checkStrength(bytes, names), say)
  if (typed.ok) return ok({ bytes: typed.value })
  const { error } = typed
  return error.reason === 'weak-passphrase' ? err({ ...error, next: generateWith }) : typed
}

async function offer(choice: PassphraseChoice): Promise<Result<boolean>> {
  if (choice.passphraseFd !== undefined || choice.nonInteractive || !hasTerminal()) return ok(false)
  return confirm('Shall tazpod make up a strong passphrase?')
}
