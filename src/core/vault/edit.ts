import { err, ok, type Result } from '../result.ts'
import { isSecretName } from '../text/secret-name.ts'
import type { StoredFile, StoredIdentity, VaultDocument } from './document.ts'
import { MAX_VALUE } from './limits.ts'

/** Changes of a vault document. Each returns a new one: new values are copied, the untouched ones are shared. */

/** Copies of the values by name; the caller wipes them. */
export function secretsOf(doc: VaultDocument): Map<string, Buffer> {
  return new Map([...doc.secrets].map(([name, secret]) => [name, Buffer.from(secret.value)]))
}

/** What a change does, by name. */
export interface Changed {
  added: string[]
  replaced: string[]
  unchanged: string[]
}

/** What {@link withSecrets} would do to the document. */
export function changesOf(doc: VaultDocument, values: ReadonlyMap<string, Buffer>): Changed {
  const changed: Changed = { added: [], replaced: [], unchanged: [] }
  for (const [name, value] of values) {
    const old = doc.secrets.get(name)?.value
    if (old === undefined) changed.added.push(name)
    else (old.equals(value) ? changed.unchanged : changed.replaced).push(name)
  }
  return changed
}

/** Sets secrets, byte-exact. `now`: ISO 8601. Fails on a bad name or a value over 1 MiB; then nothing is set. */
export function withSecrets(
  doc: VaultDocument,
  values: ReadonlyMap<string, Buffer>,
  now: string,
): Result<VaultDocument> {
  const secrets = new Map(doc.secrets)
  for (const [name, value] of values) {
    if (!isSecretName(name)) return err({ reason: 'bad-secret-name', name })
    if (value.length > MAX_VALUE) {
      return err({ reason: 'too-large', what: `the value of ${name}`, size: value.length, limit: MAX_VALUE })
    }
    secrets.set(name, { value: Buffer.from(value), updated: now })
  }
  return ok({ ...doc, secrets })
}

/** Removes one secret; fails when there is none of that name. */
export function withoutSecret(doc: VaultDocument, name: string): Result<VaultDocument> {
  const secrets = new Map(doc.secrets)
  return secrets.delete(name)
    ? ok({ ...doc, secrets })
    : err({ reason: 'secret-missing', name, from: 'the vault' })
}

/** Keeps saved files, by relative path. Fails when one is over 1 MiB; then none is kept. */
export function withFiles(doc: VaultDocument, saved: ReadonlyMap<string, StoredFile>): Result<VaultDocument> {
  const files = new Map(doc.files)
  for (const [path, file] of saved) {
    if (file.content.length > MAX_VALUE) {
      return err({ reason: 'too-large', what: path, size: file.content.length, limit: MAX_VALUE })
    }
    files.set(path, { ...file, content: Buffer.from(file.content), mode: file.mode & 0o700 })
  }
  return ok({ ...doc, files })
}

/** Keeps a machine identity of a provider under `name`. */
export function withIdentity(doc: VaultDocument, name: string, identity: StoredIdentity): VaultDocument {
  return { ...doc, identities: new Map(doc.identities).set(name, identity) }
}

/** Removes a machine identity; the same document where there is none of that name. */
export function withoutIdentity(doc: VaultDocument, name: string): VaultDocument {
  const identities = new Map(doc.identities)
  return identities.delete(name) ? { ...doc, identities } : doc
}

/** Fills every value of the document with zeros. It can't be used afterwards. */
export function wipeDocument(doc: VaultDocument): void {
  for (const { value } of doc.secrets.values()) value.fill(0)
  for (const { content } of doc.files.values()) content.fill(0)
}
