import type { VaultAccess } from '../../app/vault/access.ts'
import { withIdentity } from '../../app/vault/identity.ts'
import { openVault, updateVault } from '../../app/vault/open.ts'
import type { VaultPlace } from '../../app/vault/place.ts'
import { ok, type Result } from '../../core/result.ts'
import { wipeDocument, withSecrets } from '../../core/vault/edit.ts'
import type { SecretStore, WithStore } from './store.ts'

/** The embedded vault as a store. While unlocked it asks for nothing. */
export function vaultStoreOf(access: VaultAccess): WithStore {
  return (work) => withIdentity(access, (identity) => work(new VaultStore(access.place, identity)))
}

class VaultStore implements SecretStore {
  readonly label = 'the vault'
  readonly #place: VaultPlace
  readonly #identity: Buffer

  constructor(place: VaultPlace, identity: Buffer) {
    this.#place = place
    this.#identity = identity
  }

  async names(): Promise<Result<string[]>> {
    const doc = await openVault(this.#place, this.#identity)
    if (!doc.ok) return doc
    const names = [...doc.value.secrets.keys()].sort()
    wipeDocument(doc.value)
    return ok(names)
  }

  async read(name: string): Promise<Result<Buffer | undefined>> {
    const doc = await openVault(this.#place, this.#identity)
    if (!doc.ok) return doc
    const value = doc.value.secrets.get(name)?.value
    const copy = value && Buffer.from(value)
    wipeDocument(doc.value)
    return ok(copy)
  }

  async createIfAbsent(name: string, value: Buffer): Promise<Result<'created' | 'exists'>> {
    const done = await this.#set(name, value, false)
    return done.ok ? ok(done.value === 'created' ? 'created' : 'exists') : done
  }

  upsert(name: string, value: Buffer): Promise<Result<'created' | 'updated' | 'same'>> {
    return this.#set(name, value, true)
  }

  /** Decided under the writer's lock, so that two processes at once can't both create. */
  async #set(name: string, value: Buffer, replace: boolean): Promise<Result<'created' | 'updated' | 'same'>> {
    let outcome: 'created' | 'updated' | 'same' = 'same'
    const done = await updateVault(this.#place, this.#identity, (doc) => {
      const old = doc.secrets.get(name)?.value
      outcome = old === undefined ? 'created' : old.equals(value) || !replace ? 'same' : 'updated'
      return outcome === 'same'
        ? ok(doc)
        : withSecrets(doc, new Map([[name, value]]), new Date().toISOString())
    })
    if (!done.ok) return done
    wipeDocument(done.value)
    return ok(outcome)
  }
}
