import { atInfisical, type Connected, type Errand } from '../../app/provider/infisical/once.ts'
import { findRemote, ownSecrets, putRemote } from '../../app/provider/infisical/remote-secret.ts'
import type { VaultAccess } from '../../app/vault/access.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { SecretStore, WithStore } from './store.ts'

/** The project's folders at Infisical as a store. */
export function infisicalStoreOf(access: VaultAccess, errand: Errand): WithStore {
  return (work) => atInfisical(access, errand, (connected) => work(new InfisicalStore(connected)))
}

class InfisicalStore implements SecretStore {
  readonly label: string
  readonly #connected: Connected

  constructor(connected: Connected) {
    const { client, config } = connected.source
    this.label = `${client.host} (project ${config.project}, environment ${config.environment})`
    this.#connected = connected
  }

  async names(path: string): Promise<Result<string[]>> {
    const target = await findRemote(this.#connected, '', path)
    if (!target.ok) return target
    const { api, place } = target.value
    const secrets = await ownSecrets(this.#connected, api, place)
    return secrets.ok ? ok(secrets.value.map(({ name }) => name).sort()) : secrets
  }

  async read(name: string): Promise<Result<Buffer | undefined>> {
    const target = await findRemote(this.#connected, name)
    if (!target.ok) return target
    const { now, place } = target.value
    if (now?.hidden) {
      const at = { host: this.#connected.source.client.host, path: place.path }
      return err({ reason: 'infisical', problem: { kind: 'hidden', name }, at })
    }
    return ok(now && Buffer.from(now.value, 'utf8'))
  }

  /** Who is first is decided by the server: it refuses to create what exists. */
  async createIfAbsent(name: string, value: Buffer): Promise<Result<'created' | 'exists'>> {
    const target = await findRemote(this.#connected, name)
    if (!target.ok) return target
    if (target.value.now !== undefined) return ok('exists')
    const put = await putRemote(this.#connected, target.value, name, value)
    return put.ok ? ok(put.value === 'created' ? 'created' : 'exists') : put
  }

  async upsert(name: string, value: Buffer): Promise<Result<'created' | 'updated' | 'same'>> {
    for (let tries = 0; ; tries++) {
      const target = await findRemote(this.#connected, name)
      if (!target.ok) return target
      const put = await putRemote(this.#connected, target.value, name, value)
      if (!put.ok) return put
      if (put.value !== 'exists') return ok(put.value)
      // Created by somebody else since it was looked for: now it is there to be updated.
      if (tries > 0) {
        const at = { host: this.#connected.source.client.host }
        return err({ reason: 'infisical', problem: { kind: 'exists' }, at })
      }
    }
  }
}
