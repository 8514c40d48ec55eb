import {
  decryptWithPassphrase,
  encryptTo,
  encryptUnderPassphrase,
  generateIdentity,
  recipientOf,
} from '../../adapters/vault/age-files.ts'
import {
  createFile,
  exists,
  listGenerations,
  recordSeen,
  removeFile,
  replaceFile,
  type VaultPlace,
  type VaultTools,
  vaultTools,
  withWriter,
} from '../../adapters/vault/vault-files.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { emptyDocument, type VaultRecipient } from '../../core/vault/document.ts'
import { usablePassphrase } from '../../core/vault/passphrase.ts'
import { opensTo, seal, vaultId } from './seal.ts'
import { unlockIdentity } from './unlock.ts'

/**
 * Makes a new, empty vault under a passphrase (not wiped; its strength is the caller's matter). With `recovery` a
 * second key can open it too: it is returned once and kept nowhere.
 * An existing vault is never replaced. An identity without a vault, as an interrupted `init` leaves it, is taken over
 * when the passphrase opens it. Failures: vault-exists, vault-leftover, bad-passphrase, unsafe-file, not-written,
 * vault-busy, io.
 */
export async function createVault(
  place: VaultPlace,
  passphrase: Buffer,
  options: { recovery?: boolean } = {},
  tools = vaultTools,
): Promise<Result<{ recoveryKey?: string }>> {
  const usable = usablePassphrase(passphrase)
  if (!usable.ok) return usable
  return withWriter(place, tools, async () => {
    if (await exists(place.vault)) return err({ reason: 'vault-exists', path: place.vault })
    const kept = (await listGenerations(place)).length
    if (kept > 0) return err({ reason: 'vault-missing', path: place.vault, generations: kept })
    const left = await exists(place.identity)
    const identity = left
      ? await leftIdentity(place, usable.value)
      : await createIdentity(place, usable.value, tools)
    if (!identity.ok) return identity
    const made = await createDocument(place, identity.value, options.recovery === true, tools)
    identity.value.fill(0)
    // Nothing was ever encrypted to it, and a generated passphrase of it was never shown.
    if (!made.ok && !left && !(await exists(place.vault))) await removeFile(place.identity)
    return made
  })
}

/**
 * Puts the identity under another passphrase; the vault file is untouched. For the holder of the writer's lock.
 * The file is proved to open with the new passphrase before it replaces the old one.
 */
export async function replaceIdentity(
  place: VaultPlace,
  identity: Buffer,
  passphrase: Buffer,
  tools = vaultTools,
): Promise<Result<void>> {
  const file = await identityFile(place, identity, passphrase)
  return replaceFile(place.identity, file.bytes, tools, file.check).finally(file.done)
}

/** The identity that an interrupted init left behind, if this passphrase opens it. */
async function leftIdentity(place: VaultPlace, passphrase: Buffer): Promise<Result<Buffer>> {
  const identity = await unlockIdentity(place, passphrase)
  if (identity.ok || identity.error.reason !== 'wrong-passphrase') return identity
  return err({ reason: 'vault-leftover', identity: place.identity })
}

async function createIdentity(
  place: VaultPlace,
  passphrase: Buffer,
  tools: VaultTools,
): Promise<Result<Buffer>> {
  const identity = await generateIdentity()
  const file = await identityFile(place, identity, passphrase)
  const written = await createFile(place.identity, file.bytes, tools, file.check).finally(file.done)
  return written.ok ? ok(identity) : written
}

/** In the form of age-keygen, so that `age -d -i identity.age vault.age` works with any age program. */
async function identityFile(place: VaultPlace, identity: Buffer, passphrase: Buffer) {
  const comments = `# tazpod vault identity\n# public key: ${await recipientOf(identity)}\n`
  const plain = Buffer.concat([Buffer.from(comments), identity, Buffer.from('\n')])
  const bytes = await encryptUnderPassphrase(plain, passphrase)
  const check = opensTo(place.identity, plain, (file) => decryptWithPassphrase(file, passphrase))
  return { bytes, check, done: () => void plain.fill(0) }
}

async function createDocument(
  place: VaultPlace,
  identity: Buffer,
  recovery: boolean,
  tools: VaultTools,
): Promise<Result<{ recoveryKey?: string }>> {
  const second = recovery ? await recoveryKey(identity) : undefined
  const recipients = second === undefined ? [] : [second.recipient]
  const doc = emptyDocument(vaultId(identity), new Date().toISOString(), recipients)
  const sealed = await seal(place, identity, doc)
  if (!sealed.ok) return sealed
  const written = await createFile(place.vault, sealed.value.bytes, tools, sealed.value.check)
  sealed.value.done()
  if (!written.ok) return written
  await recordSeen(place, doc.id, doc.generation, tools) // a reader makes up for a failure
  return ok(second === undefined ? {} : { recoveryKey: second.key })
}

/** A second key, and its entry in the document: with the identity in escrow it can set a new passphrase. */
async function recoveryKey(identity: Buffer): Promise<{ key: string; recipient: VaultRecipient }> {
  const key = await generateIdentity()
  const recipient = await recipientOf(key)
  const escrow = await encryptTo(identity, [recipient])
  return {
    key: key.toString('latin1'),
    recipient: { recipient, label: 'recovery', escrow: escrow.toString('base64') },
  }
}
