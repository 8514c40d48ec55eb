import { readSecretFd } from '../../adapters/terminal/secret-fd.ts'
import { askHidden } from '../../adapters/terminal/terminal.ts'
import { decryptWith, identityIn } from '../../adapters/vault/age-files.ts'
import { readVault, type VaultPlace, vaultTools, withWriter } from '../../adapters/vault/vault-files.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { wipeDocument } from '../../core/vault/edit.ts'
import type { VaultAccess } from './access.ts'
import { replaceIdentity } from './create.ts'
import { typedIdentity } from './identity.ts'
import { choosePassphrase, type PassphraseChoice } from './init.ts'
import { unsealAny, vaultId } from './seal.ts'

interface PasswdOptions {
  /** Use the recovery key instead of the old passphrase: from this descriptor, or typed. */
  recovery?: { fd?: number | undefined }
  /** Shows a generated passphrase once, before it comes into force: a kill in between must not lock anybody out. */
  show: (generated: string) => void
}

/**
 * Puts the vault under a new passphrase. Only identity.age is rewritten. The old passphrase is asked for even while
 * unlocked (an unattended terminal must not be enough), or the recovery key instead of it.
 */
export async function changePassphrase(
  access: VaultAccess,
  choice: PassphraseChoice,
  { recovery, show }: PasswdOptions,
): Promise<Result<void>> {
  const { place } = access
  const identity = recovery ? await recoveredIdentity(access, recovery.fd) : await typedIdentity(access)
  if (!identity.ok) return identity
  try {
    const chosen = await choosePassphrase(choice)
    if (!chosen.ok) return chosen
    const { bytes, generated } = chosen.value
    if (generated !== undefined) show(generated)
    const replace = () => replaceIdentity(place, identity.value, bytes)
    return await withWriter(place, vaultTools, replace).finally(() => bytes.fill(0))
  } finally {
    identity.value.fill(0)
  }
}

/** The vault's identity from the escrow in its document, which the recovery key opens. */
async function recoveredIdentity(access: VaultAccess, fd?: number): Promise<Result<Buffer>> {
  const typed = await recoveryKey(access, fd)
  if (!typed.ok) return typed
  const key = await identityIn(typed.value)
  typed.value.fill(0)
  if (key === undefined) return refused('this is no recovery key (AGE-SECRET-KEY-1…)')
  return escrowed(access.place, key).finally(() => key.fill(0))
}

async function recoveryKey(access: VaultAccess, fd?: number): Promise<Result<Buffer>> {
  if (fd !== undefined) return readSecretFd(fd, 1024, { what: 'recovery key', flag: '--recovery-key-fd' })
  if (!access.nonInteractive) return askHidden('Recovery key: ')
  return err({
    reason: 'no-terminal',
    need: 'the recovery key',
    next: 'the same command with --recovery-key-fd N',
  })
}

async function escrowed(place: VaultPlace, key: Buffer): Promise<Result<Buffer>> {
  const file = await readVault(place)
  if (!file.ok) return file
  const doc = await unsealAny(place, key, file.value)
  if (!doc.ok) {
    return doc.error.reason === 'vault-foreign'
      ? refused(`this recovery key does not open ${place.vault}`)
      : doc
  }
  const { id, recipients } = doc.value
  wipeDocument(doc.value)
  for (const { escrow } of recipients) {
    if (escrow === undefined) continue
    const opened = await decryptWith(Buffer.from(escrow, 'base64'), key)
    if (opened.ok && vaultId(opened.value) === id) return ok(opened.value)
  }
  return refused('this key opens the vault, but is not its recovery key')
}

function refused(why: string): Result<never> {
  return err({ reason: 'recovery-key', why })
}
