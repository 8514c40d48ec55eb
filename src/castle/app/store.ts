import type { Result } from '../../core/result.ts'

/**
 * Where the secrets of a castle live: the embedded vault, or a provider. Values are byte-exact Buffers that the
 * caller wipes. A method either does all it says or fails.
 */
export interface SecretStore {
  /** For people: `the vault`. */
  readonly label: string
  /** Names of the secrets in a folder of the store (`/` is the top). A store without folders ignores it. */
  names(path: string): Promise<Result<string[]>>
  /** Undefined: there is no such secret. */
  read(name: string): Promise<Result<Buffer | undefined>>
  /** Atomic: of two callers at once exactly one creates. An existing value is never touched. */
  createIfAbsent(name: string, value: Buffer): Promise<Result<'created' | 'exists'>>
  upsert(name: string, value: Buffer): Promise<Result<'created' | 'updated' | 'same'>>
}

/** Opens the store of the current folder for one piece of work; what it opened is wiped afterwards. */
export type WithStore = <T>(work: (store: SecretStore) => Promise<Result<T>>) => Promise<Result<T>>
